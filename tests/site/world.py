"""The truth behind the imitation site: films, members, and what members did with films."""

import functools
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Concatenate, Literal, ParamSpec, TypeVar

STARS = tuple(halves / 2 for halves in range(1, 11))
MAX_FAVOURITES = 4

State = Literal["ok", "gone", "private"]
STATES: tuple[State, ...] = ("ok", "gone", "private")

# (member, slug, stars, liked, favourite): everything a complete crawl can know about one film of one member.
Row = tuple[str, str, float | None, bool, bool]

_NAME = re.compile(r"[a-z0-9_]+")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LINK = re.compile(r"(movie|tv)/(\d{1,9})(?:/season/(\d{1,4})(?:/episode/(\d{1,4}))?)?")
_P = ParamSpec("_P")
_R = TypeVar("_R")


class BadChange(ValueError):
    """A change the world cannot make; the message is one line and says why."""


@dataclass(frozen=True)
class Film:
    """One film; ``year`` is None while none has been announced.

    ``link`` is where TMDB has it, such as ``movie/7`` or ``tv/7/season/1``, if not where its number leads;
    an empty one is no link at all.
    """

    id: int
    lid: str
    slug: str
    title: str
    year: int | None
    link: str | None = None

    @property
    def full_name(self) -> str:
        """The title with its year, as on tiles: ``Closer (2004)``; without a year the title alone."""
        return self.title if self.year is None else f"{self.title} ({self.year})"


@dataclass(frozen=True)
class Entry:
    """One viewing in a diary; ``stars`` is what the film was given then. Later entries have higher ids."""

    id: int
    film: str
    date: date
    stars: float | None = None
    liked: bool = False
    rewatch: bool = False
    review: bool = False


@dataclass
class Member:
    """One member; every ordered collection is kept oldest first and listed newest first.

    ``name`` is the lower-case form used in links, ``shown`` has the member's own capitals.
    """

    name: str
    shown: str
    display_name: str
    lid: str
    ratings: dict[str, float] = field(default_factory=dict)
    likes: dict[str, None] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    favourites: list[str] = field(default_factory=list)
    following: list[str] = field(default_factory=list)
    diary: list[Entry] = field(default_factory=list)
    state: State = "ok"
    badge: str = ""
    picture: str = ""
    lists: int = 0

    def copy(self) -> "Member":
        """Return a member who does the same, and may do something else from now on."""
        own = {field.name: copy(getattr(self, field.name)) for field in fields(self)}
        return Member(**own)


def _locked(
    method: Callable[Concatenate["World", _P], _R],
) -> Callable[Concatenate["World", _P], _R]:
    @functools.wraps(method)
    def under_lock(world: "World", /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with world.lock:
            return method(world, *args, **kwargs)

    return under_lock


class World:
    """Films and members, changed only through the methods below (all of them thread-safe)."""

    def __init__(self, films: Iterable[Film], members: Iterable[Member] = ()) -> None:
        self.lock = threading.RLock()
        self.films: dict[str, Film] = {film.slug: film for film in films}
        self.members: dict[str, Member] = {member.name: member for member in members}
        self.redirects: dict[str, str] = {}
        self.merged: dict[int, int] = {}
        self._followers: dict[str, dict[str, None]] = {name: {} for name in self.members}
        for member in self.members.values():
            for followed in member.following:
                self._followers[self.member(followed).name][member.name] = None

    @property
    def seed(self) -> str:
        """The first member: the one a demonstration starts from."""
        return next(iter(self.members))

    def member(self, name: str) -> Member:
        """Return the member with that lower-case name; BadChange if there is none."""
        if not isinstance(name, str) or name not in self.members:
            raise BadChange(f"no member {name!r}")
        return self.members[name]

    def film(self, slug: str) -> Film:
        """Return the film with that slug; BadChange if there is none."""
        if not isinstance(slug, str) or slug not in self.films:
            raise BadChange(f"no film {slug!r}")
        return self.films[slug]

    # What members do.

    @_locked
    def rate(self, member: str, film: str, stars: float) -> None:
        """Set a rating, which becomes the member's newest and marks the film as watched."""
        someone, slug = self.member(member), self.film(film).slug
        if not _is_number(stars) or stars not in STARS:
            raise BadChange(f"stars must be 0.5 to 5 in half steps, not {stars!r}")
        someone.ratings.pop(slug, None)
        someone.ratings[slug] = float(stars)
        someone.watched.add(slug)

    @_locked
    def unrate(self, member: str, film: str) -> None:
        """Take a rating back; the film stays watched."""
        self.member(member).ratings.pop(self.film(film).slug, None)

    @_locked
    def like(self, member: str, film: str) -> None:
        """Like a film, watched or not; a like that is there already keeps its place."""
        self.member(member).likes.setdefault(self.film(film).slug)

    @_locked
    def unlike(self, member: str, film: str) -> None:
        """Take a like back."""
        self.member(member).likes.pop(self.film(film).slug, None)

    @_locked
    def watch(self, member: str, film: str) -> None:
        """Mark a film as watched."""
        self.member(member).watched.add(self.film(film).slug)

    @_locked
    def unwatch(self, member: str, film: str) -> None:
        """Mark a film as not watched, which takes its rating away too; a like stays."""
        someone, slug = self.member(member), self.film(film).slug
        someone.watched.discard(slug)
        someone.ratings.pop(slug, None)

    @_locked
    def favourite(self, member: str, films: Sequence[str]) -> None:
        """Replace the favourites by these films (none to four, watched or not)."""
        someone = self.member(member)
        if not isinstance(films, list | tuple):
            raise BadChange("films must be a list of slugs")
        chosen = [self.film(slug).slug for slug in films]
        if len(set(chosen)) != len(chosen) or len(chosen) > MAX_FAVOURITES:
            raise BadChange(f"favourites must be up to {MAX_FAVOURITES} different films")
        someone.favourites = chosen

    @_locked
    def log(
        self,
        member: str,
        film: str,
        day: str,
        stars: float | None = None,
        liked: bool = False,
        rewatch: bool = False,
        review: bool = False,
    ) -> None:
        """Enter a viewing of that ISO ``day`` in the diary: the film is watched and, with stars, rated."""
        someone, slug = self.member(member), self.film(film).slug
        try:
            when = date.fromisoformat(day)
        except (TypeError, ValueError):
            raise BadChange(f"day must be an ISO date, not {day!r}") from None
        if stars is None:
            self.watch(member, slug)
        else:
            self.rate(member, slug, stars)
        number = max((entry.id for one in self.members.values() for entry in one.diary), default=0) + 1
        someone.diary.append(Entry(number, slug, when, stars, liked, rewatch, review))
        someone.diary.sort(key=lambda entry: (entry.date, entry.id))

    @_locked
    def follow(self, member: str, other: str) -> None:
        """Let ``member`` follow ``other``; following twice changes nothing."""
        someone, followed = self.member(member), self.member(other)
        if someone is followed:
            raise BadChange(f"{member} cannot follow themselves")
        if followed.name not in someone.following:
            someone.following.append(followed.name)
            self._followers[followed.name][someone.name] = None

    @_locked
    def unfollow(self, member: str, other: str) -> None:
        """Let ``member`` no longer follow ``other``."""
        someone, followed = self.member(member), self.member(other)
        if followed.name in someone.following:
            someone.following.remove(followed.name)
            del self._followers[followed.name][someone.name]

    # What happens to members and films.

    @_locked
    def add_member(self, name: str, *, display_name: str | None = None, shown: str | None = None) -> Member:
        """Add a member who has done nothing yet, and return it."""
        self._check_new_name(name)
        shown = shown or name
        if str(shown).lower() != name:
            raise BadChange(f"{shown!r} is not {name!r} with capitals")
        member = Member(name, shown, str(display_name or shown), self._free_lid())
        self.members[name] = member
        self._followers[name] = {}
        return member

    @_locked
    def set_state(self, member: str, state: State) -> None:
        """Make a member ``ok``, ``gone`` (404) or ``private`` (403); others' lists still show them."""
        if state not in STATES:
            raise BadChange(f"state must be one of {', '.join(STATES)}, not {state!r}")
        self.member(member).state = state

    @_locked
    def rename_member(self, member: str, name: str) -> None:
        """Give a member a new name; the old one redirects to it."""
        someone = self.member(member)
        self._check_new_name(name)
        self.members = {_renamed(key, member, name): value for key, value in self.members.items()}
        self._followers = {
            _renamed(key, member, name): {_renamed(one, member, name): None for one in followers}
            for key, followers in self._followers.items()
        }
        for other in self.members.values():
            other.following = [_renamed(one, member, name) for one in other.following]
        someone.name = someone.shown = name
        self._redirect(member, name)

    @_locked
    def rename_film(self, film: str, slug: str) -> None:
        """Give a film a new slug; the old one redirects to it, and nobody's marks change."""
        old = self.film(film)
        if not isinstance(slug, str) or not _SLUG.fullmatch(slug) or slug in self.films:
            raise BadChange(f"{slug!r} is taken or cannot be a slug")
        new = replace(old, slug=slug)
        self.films = {one.slug: one for one in (new if f is old else f for f in self.films.values())}
        for member in self.members.values():
            _hand_over(member, film, slug)
        self._redirect(film, slug)

    @_locked
    def merge_film(self, film: str, into: str) -> None:
        """Let a film become another one: its addresses lead there, and so do the marks that members gave it.

        Who rated both keeps the other's rating.
        """
        old, other = self.film(film), self.film(into)
        if old is other:
            raise BadChange(f"{film} cannot be merged into itself")
        for member in self.members.values():
            _hand_over(member, film, into)
        self._take_off(film)
        self.merged[old.id] = other.id
        self._redirect(film, into)

    @_locked
    def remove_film(self, film: str) -> None:
        """Take a film off the site, with all that members did with it; nothing leads from its addresses."""
        slug = self.film(film).slug
        for member in self.members.values():
            member.ratings.pop(slug, None)
            member.likes.pop(slug, None)
            member.watched.discard(slug)
            member.favourites = [one for one in member.favourites if one != slug]
            member.diary = [one for one in member.diary if one.film != slug]
        self._take_off(slug)

    @_locked
    def link_film(self, film: str, link: str) -> None:
        """Change where a film's page says that TMDB has it: ``movie/7``, ``tv/7/season/1``, or nowhere."""
        old = self.film(film)
        if not isinstance(link, str) or (link and not LINK.fullmatch(link)):
            raise BadChange(f"{link!r} leads to nothing at TMDB")
        self.films = {
            slug: replace(one, link=link) if one is old else one for slug, one in self.films.items()
        }

    # What a crawl should find.

    @_locked
    def film_numbered(self, number: int) -> Film | None:
        """Return the film with that number, or the one it was merged into; None if there is neither."""
        while number in self.merged:
            number = self.merged[number]
        return next((film for film in self.films.values() if film.id == number), None)

    @_locked
    def followers(self, name: str) -> list[str]:
        """Return who follows a member, oldest first."""
        return list(self._followers[self.member(name).name])

    @_locked
    def circle(
        self,
        seed: str,
        depth: int = 1,
        include_self: bool = True,
        via: Literal["following", "followers"] = "following",
    ) -> dict[str, int]:
        """Return the members within ``depth`` steps of ``seed`` and the steps to each, nearest first.

        Gone and private members are reached, since others list them, but lead no further.
        """
        if via not in ("following", "followers"):
            raise BadChange(f"via must be following or followers, not {via!r}")
        depths = {self.member(seed).name: 0}
        queue = deque(depths)
        while queue:
            name = queue.popleft()
            if depths[name] == depth or self.members[name].state != "ok":
                continue
            for other in self.followers(name) if via == "followers" else self.members[name].following:
                if other not in depths:
                    depths[other] = depths[name] + 1
                    queue.append(other)
        if not include_self:
            del depths[seed]
        return depths

    @_locked
    def truth(self, names: Iterable[str] | None = None) -> set[Row]:
        """Return a row for every film that is rated, liked or a favourite, of the members in state ok."""
        chosen = self.members.values() if names is None else [self.member(name) for name in names]
        return {
            (member.name, slug, member.ratings.get(slug), slug in member.likes, slug in member.favourites)
            for member in chosen
            if member.state == "ok"
            for slug in {*member.ratings, *member.likes, *member.favourites}
        }

    def _check_new_name(self, name: str) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in self.members:
            raise BadChange(f"{name!r} is taken or cannot be a member's name")

    def _take_off(self, film: str) -> None:
        self.films = {slug: one for slug, one in self.films.items() if slug != film}

    def _redirect(self, old: str, new: str) -> None:
        self.redirects.pop(new, None)
        self.redirects[old] = new

    def _free_lid(self) -> str:
        taken = {member.lid for member in self.members.values()}
        return next(lid for lid in (f"n{number:04}" for number in range(10_000)) if lid not in taken)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _hand_over(member: Member, old: str, new: str) -> None:
    """Let a member's marks of one film be those of another; of two marks the other's own stays."""
    ratings = {key: stars for key, stars in member.ratings.items() if key != old or new not in member.ratings}
    member.ratings = {_renamed(key, old, new): stars for key, stars in ratings.items()}
    member.likes = dict.fromkeys(_renamed(key, old, new) for key in member.likes)
    member.watched = {_renamed(key, old, new) for key in member.watched}
    member.favourites = list(dict.fromkeys(_renamed(key, old, new) for key in member.favourites))
    member.diary = [replace(one, film=_renamed(one.film, old, new)) for one in member.diary]


def _renamed(key: str, old: str, new: str) -> str:
    return new if key == old else key
