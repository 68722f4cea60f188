"""What spiders and cohorts may be told, and what is said of anything else: one line each."""

from typing import Any

import pytest
from pydantic import ValidationError

from letterboxd_scraper.arguments import (
    Arguments,
    Definition,
    FilmArguments,
    FollowGraphArguments,
    NamedList,
    ProfileArguments,
    RssArguments,
)
from letterboxd_scraper.errors import InputError

BUILD = {"seed": "ida", "label": "friends"}

READ: list[tuple[type[Arguments], dict[str, Any], dict[str, Any]]] = [
    (FollowGraphArguments, BUILD, {"seed": "ida", "label": "friends", "cohort": None}),
    (FollowGraphArguments, BUILD, {"depth": 1, "include_self": True, "via": "following"}),
    (FollowGraphArguments, BUILD, {"max_members": None}),
    (FollowGraphArguments, BUILD | {"seed": " /Ida_B/ "}, {"seed": "ida_b"}),
    (FollowGraphArguments, BUILD | {"seed": "ida-b"}, {"seed": "ida-b"}),
    (FollowGraphArguments, BUILD | {"seed": "123"}, {"seed": "123"}),
    (FollowGraphArguments, BUILD | {"label": "Friends_of.Ida-2"}, {"label": "Friends_of.Ida-2"}),
    (FollowGraphArguments, BUILD | {"label": "2026a"}, {"label": "2026a"}),
    (FollowGraphArguments, BUILD | {"depth": "4", "max_members": "50"}, {"depth": 4, "max_members": 50}),
    (FollowGraphArguments, BUILD | {"include_self": "false"}, {"include_self": False}),
    (FollowGraphArguments, BUILD | {"include_self": "1"}, {"include_self": True}),
    (FollowGraphArguments, BUILD | {"via": "followers"}, {"via": "followers"}),
    (FollowGraphArguments, {"cohort": "friends"}, {"cohort": "friends", "seed": None}),
    (FollowGraphArguments, {"cohort": "12"}, {"cohort": "12"}),
    (ProfileArguments, {"cohort": "friends"}, {"cohort": "friends", "user": None, "watched": False}),
    (ProfileArguments, {"user": "IDA"}, {"user": "ida", "cohort": None, "resume_from": None}),
    (ProfileArguments, {"user": " @Ida\r\n"}, {"user": "ida"}),
    (ProfileArguments, {"user": "https://letterboxd.com/Ida/films/"}, {"user": "ida"}),
    (ProfileArguments, {"cohort": "friends", "resume_from": "Bo/"}, {"resume_from": "bo"}),
    (ProfileArguments, {"user": "ida", "watched": "true"}, {"watched": True, "diary": False}),
    (ProfileArguments, {"cohort": "friends", "diary": "true"}, {"watched": False, "diary": True}),
    (RssArguments, {"cohort": "12"}, {"cohort": "12", "user": None}),
    (RssArguments, {"user": "/Ida/"}, {"user": "ida", "cohort": None}),
    (FilmArguments, {"cohort": "friends"}, {"tmdb": True, "histograms": False, "force": False}),
    (FilmArguments, {"slug": "/film/Ordet/", "tmdb": "0", "force": "true"}, {"slug": "ordet", "tmdb": False}),
    (FilmArguments, {"cohort": "friends", "limit": "5"}, {"limit": 5, "cohort": "friends"}),
    (NamedList, {"label": "friends", "members": ("Ida", "bo")}, {"members": ("ida", "bo")}),
    (Definition, {}, {"depth": 1, "min_films": None, "max_films": None, "exclude": (), "rank": {}}),
    (Definition, {"min_films": "0", "max_films": 0}, {"min_films": 0, "max_films": 0}),
    (Definition, {"exclude": ["Bo", "cy"]}, {"exclude": ("bo", "cy")}),
    (Definition, {"rank": {"m": "10"}}, {"rank": {"m": 10.0}}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "arguments", "expected"), READ)
def test_texts_are_read_as_what_they_say(
    model: type[Arguments], arguments: dict[str, Any], expected: dict[str, Any]
) -> None:
    read = model.read(arguments).model_dump()
    assert {name: read[name] for name in expected} == expected


BUILD_OR_REFRESH = "give seed=NAME label=LABEL to build a cohort, or cohort=LABEL to refresh one"
REFRESH_ALONE = "give cohort=LABEL alone to refresh, or seed=NAME label=LABEL to build"
ONE_OF = "give cohort=LABEL or user=NAME, and not both"
ONE_FILM_OR_COHORT = "give cohort=LABEL or slug=SLUG, and not both"
NO_MEMBER = "is not a member name: use the name in the profile's address, such as 'dave'"
NO_DEPTH = "must be a whole number, at least 1, at most 4"
NO_LABEL = "is not a label: use letters, digits, '.', '_' and '-', and not digits alone"

REFUSED: list[tuple[type[Arguments], dict[str, Any], str]] = [
    (FollowGraphArguments, {}, BUILD_OR_REFRESH),
    (FollowGraphArguments, {"seed": "ida"}, BUILD_OR_REFRESH),
    (FollowGraphArguments, {"label": "friends"}, BUILD_OR_REFRESH),
    (FollowGraphArguments, {"cohort": "friends", "seed": "ida"}, REFRESH_ALONE),
    (FollowGraphArguments, {"cohort": "friends", "depth": "2"}, REFRESH_ALONE),
    (FollowGraphArguments, BUILD | {"seed": ""}, f"argument seed='': {NO_MEMBER}"),
    (FollowGraphArguments, BUILD | {"seed": "/"}, f"argument seed='/': {NO_MEMBER}"),
    (FollowGraphArguments, BUILD | {"seed": "ida b"}, f"argument seed='ida b': {NO_MEMBER}"),
    (FollowGraphArguments, BUILD | {"seed": "ida/films"}, f"argument seed='ida/films': {NO_MEMBER}"),
    (FollowGraphArguments, BUILD | {"seed": "idä"}, f"argument seed='idä': {NO_MEMBER}"),
    (FollowGraphArguments, BUILD | {"seed": "a\nb"}, f"argument seed='a\\nb': {NO_MEMBER}"),
    (FollowGraphArguments, BUILD | {"label": ""}, f"argument label='': {NO_LABEL}"),
    (FollowGraphArguments, BUILD | {"label": "12"}, f"argument label='12': {NO_LABEL}"),
    (FollowGraphArguments, BUILD | {"label": "my friends"}, f"argument label='my friends': {NO_LABEL}"),
    (FollowGraphArguments, BUILD | {"label": "a/b"}, f"argument label='a/b': {NO_LABEL}"),
    (FollowGraphArguments, BUILD | {"label": "ëx"}, f"argument label='ëx': {NO_LABEL}"),
    (
        FollowGraphArguments,
        BUILD | {"depth": "0"},
        f"argument depth='0': {NO_DEPTH}",
    ),
    (
        FollowGraphArguments,
        BUILD | {"depth": "5"},
        f"argument depth='5': {NO_DEPTH}",
    ),
    (FollowGraphArguments, BUILD | {"depth": "1.5"}, "argument depth='1.5': "),
    (FollowGraphArguments, BUILD | {"depth": "deep"}, "argument depth='deep': "),
    (FollowGraphArguments, BUILD | {"max_members": "0"}, "argument max_members='0': "),
    (FollowGraphArguments, BUILD | {"include_self": "perhaps"}, "argument include_self='perhaps': "),
    (
        FollowGraphArguments,
        BUILD | {"via": "friends"},
        "argument via='friends': must be following",
    ),
    (FollowGraphArguments, BUILD | {"deep": "1"}, "unknown argument 'deep': known are cohort, seed, label"),
    (FollowGraphArguments, BUILD | {"a\nb": "1"}, "unknown argument 'a\\nb': known are cohort"),
    (ProfileArguments, {}, ONE_OF),
    (ProfileArguments, {"watched": "true"}, ONE_OF),
    (ProfileArguments, {"cohort": "friends", "user": "ida"}, ONE_OF),
    (ProfileArguments, {"user": "ida", "resume_from": "bo"}, "resume_from=NAME goes with cohort=LABEL"),
    (ProfileArguments, {"user": "ida?"}, f"argument user='ida?': {NO_MEMBER}"),
    (ProfileArguments, {"user": "ida", "watched": "2"}, "argument watched='2': "),
    (
        ProfileArguments,
        {"users": "ida"},
        "unknown argument 'users': known are cohort, user, shard, resume_from",
    ),
    (RssArguments, {}, ONE_OF),
    (RssArguments, {"cohort": "friends", "user": "ida"}, ONE_OF),
    (RssArguments, {"user": "ida b"}, f"argument user='ida b': {NO_MEMBER}"),
    (RssArguments, {"cohort": "friends", "pages": "1"}, "unknown argument 'pages': known are cohort, user"),
    (FilmArguments, {}, ONE_FILM_OR_COHORT),
    (FilmArguments, {"cohort": "friends", "slug": "ordet"}, ONE_FILM_OR_COHORT),
    (FilmArguments, {"slug": "the word"}, "argument slug='the word': is not a film"),
    (FilmArguments, {"slug": "/"}, "argument slug='/': is not a film"),
    (FilmArguments, {"cohort": "friends", "limit": "0"}, "argument limit='0': "),
    (FilmArguments, {"cohort": "friends", "tmdb": "perhaps"}, "argument tmdb='perhaps': "),
    (
        FilmArguments,
        {"cohort": "friends", "posters": "1"},
        "unknown argument 'posters': known are cohort, slug",
    ),
    (NamedList, {"members": ("ida",)}, "argument 'label' is missing: known are label, members"),
    (NamedList, {"label": "friends", "members": ()}, "argument members=(): "),
    (NamedList, {"label": "friends", "members": ("ida", "b o")}, f"argument members='b o': {NO_MEMBER}"),
    (Definition, {"min_films": "-1"}, "argument min_films='-1': "),
    (Definition, {"max_films": "many"}, "argument max_films='many': "),
    (Definition, {"exclude": ("",)}, f"argument exclude='': {NO_MEMBER}"),
    (Definition, {"rank": {"m": "much"}}, "argument rank='much': "),
]


@pytest.mark.parametrize(("model", "arguments", "message"), REFUSED)
def test_anything_else_is_refused_in_one_line(
    model: type[Arguments], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as refusal:
        model.read(arguments)
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_what_is_chosen_for_a_cohort_fits_its_definition() -> None:
    read = FollowGraphArguments.read(BUILD | {"depth": "3", "include_self": "no", "max_members": "7"})
    assert read.chosen() == {"depth": 3, "include_self": False, "max_members": 7}
    assert Definition(**read.chosen()).max_members == 7


def test_a_refresh_chooses_nothing() -> None:
    assert FollowGraphArguments.read({"cohort": "friends"}).chosen() == {}


def test_arguments_do_not_change_once_read() -> None:
    read = ProfileArguments.read({"user": "ida"})
    with pytest.raises(ValidationError):
        read.user = "bo"  # type: ignore[misc]
    assert read.user == "ida"
