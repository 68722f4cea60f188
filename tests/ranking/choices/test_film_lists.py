"""Lists of films, by which a ranking is narrowed: they may be written in many ways."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.films.lookup import Reference, match
from letterboxd_scraper.store.schema import film_rankings, films
from ranking.choices.film_lists import read_list
from ranking.choices.filters import Choices
from tests.conftest import on_sqlite
from tests.ranking.choices.test_filters import films_ranked, rank


@pytest.fixture
def engine(crawled_engine: sa.Engine) -> sa.Engine:
    """The crawled circle, ranked."""
    rank(crawled_engine)
    return crawled_engine


@pytest.fixture
def listed(engine: sa.Engine) -> list[Any]:
    """Twelve ranked films whose names are their own."""
    with engine.begin() as connection:
        alone = sa.select(films.c.title).group_by(films.c.title).having(sa.func.count() == 1)
        named = (films.c.title.in_(alone), films.c.release_year.is_not(None), films.c.slug.is_not(None))
        rated = films.c.id.in_(sa.select(film_rankings.c.film_id))
        rows = connection.execute(sa.select(films).where(*named, rated).order_by(films.c.id).limit(12)).all()
        for film in rows:
            code = {"letterboxd_lid": f"x{film.id}Q"}
            connection.execute(films.update().where(films.c.id == film.id).values(code))
        return list(connection.execute(sa.select(films).where(films.c.id.in_([f.id for f in rows]))))


EXPORTED = """Letterboxd list export v7
Date,Name,Tags,URL,Description
2020-08-30,Sample list,"tag one, tag two",https://boxd.it/8AJZS,"over

several lines, Position"

Position,Name,Year,URL,Description
"""


def test_a_list_of_films_may_be_written_in_many_ways(
    engine: sa.Engine, listed: list[Any], tmp_path: Path
) -> None:
    file = tmp_path / "list"
    expected = {film.slug for film in listed}

    def of(text: str) -> set[str | None]:
        file.write_bytes(text.encode())
        told: list[str] = []
        slugs = {film.slug for film in films_ranked(engine, Choices(lists=(file,)), tell=told.append)}
        assert told == []
        return slugs

    assert of("# mine\n\n" + "".join(f"{film.slug}  # a note\n" for film in listed)) == expected
    assert of("".join(f"https://letterboxd.com/film/{film.slug}/\r\n" for film in listed)) == expected
    assert of("".join(f"https://boxd.it/{film.letterboxd_lid}\n" for film in listed)) == expected
    assert of("\ufeff" + "\r\n".join(film.title.upper() for film in listed)) == expected
    assert of("\n".join(f"{film.title} ({film.release_year})" for film in listed)) == expected
    lines = [
        f'{n},"{film.title}",1800,https://boxd.it/{film.letterboxd_lid},' for n, film in enumerate(listed)
    ]
    for header in (EXPORTED, "Position,Name,Year,URL,Description\n", "\ufeff" + EXPORTED[25:]):
        text = header + "\n".join(lines) + "\n"
        assert of(text) == of(text.replace("\n", "\r\n")) == expected
    rows = [f'2020-01-01,"{film.title}",{film.release_year}' for film in listed]
    # Where the address is that of a diary entry, the name and the year tell the film.
    diary = [f"{row},https://boxd.it/zzzz{n},4.5,,,2020-01-01" for n, row in enumerate(rows)]
    header = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date"
    assert of("\n".join([header, *diary])) == expected
    assert of("\n".join(["Date,Title,Year", *rows])) == expected
    assert (
        of("\n".join(["LetterboxdURI", *(f"https://boxd.it/{f.letterboxd_lid}" for f in listed)])) == expected
    )


@on_sqlite
def test_lines_of_a_list_that_match_no_film_are_counted(
    engine: sa.Engine, listed: list[Any], tmp_path: Path
) -> None:
    file = tmp_path / "list.txt"
    file.write_text(f"{listed[0].slug}\nno-such-film\nhttps://boxd.it/zzzzz\nhttps://example.org/\n")
    told: list[str] = []
    ranked = films_ranked(engine, Choices(lists=(file,)), tell=told.append)
    assert [film.slug for film in ranked] == [listed[0].slug]
    names = "no-such-film, boxd.it/zzzzz, https://example.org/"
    assert told == [f"3 of 4 films in {file} match no stored film, or more than one: {names}"]
    file.write_text("")
    assert films_ranked(engine, Choices(lists=(file,))) == []


def test_a_long_list_is_no_error(engine: sa.Engine, listed: list[Any]) -> None:
    references = [Reference(slug=f"no-film-{n}", title=f"No film {n}") for n in range(70_000)]
    with engine.connect() as connection:
        matched = match(connection, [*references, Reference(slug=listed[0].slug)])
    assert [film for film in matched if film] == [listed[0].id]


@on_sqlite
def test_two_films_of_one_name_and_year_are_not_guessed(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        twins = [{"title": "Twin", "release_year": 1950, "slug": f"twin-{n}"} for n in range(2)]
        connection.execute(films.insert(), twins)
        references = [Reference(title="Twin", year=1950), Reference(slug="twin-1"), Reference(title="Twin")]
        matched = match(connection, references)
        second = connection.scalar(sa.select(films.c.id).where(films.c.slug == "twin-1"))
    assert matched == [None, second, None]


def test_lists_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "film.bin").write_bytes(b"\xff\xfe\x00")
    for file in (tmp_path, tmp_path / "film.bin", tmp_path / "nowhere"):
        with pytest.raises(InputError, match="cannot read the list"):
            read_list(file)
