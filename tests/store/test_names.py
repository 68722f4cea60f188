"""Names as people write them: whatever their capitals and accents, or refused with what there is."""

import pytest

from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.store import names
from letterboxd_scraper.store.names import find, unknown

GENRES = [("Drama", 1), ("Science Fiction", 2), ("drama", 3), ("Cafe\u0301", 4)]


@pytest.mark.parametrize(
    ("names_asked_for", "expected"),
    [
        (["Science Fiction"], [2]),
        ([" SCIENCE fiction "], [2]),
        (["DRAMA"], [1, 3]),
        (["caf\u00e9"], [4]),
        (["sf"], [2]),
        (["drama", "SF", "Drama"], [1, 3, 2]),
        ([], []),
    ],
)
def test_all_that_bear_a_name_or_code(names_asked_for: list[str], expected: list[int]) -> None:
    assert find("genre", names_asked_for, iter(GENRES), {"SF": 2}) == expected


def test_a_name_that_nothing_bears_is_refused_with_what_there_is() -> None:
    with pytest.raises(UnknownName, match=r"^no genre 'Noir': there are Cafe.*, Science Fiction, drama$"):
        find("genre", ["drama", "Noir"], GENRES, {"SF": 2})


def test_of_many_names_those_that_are_spelt_alike() -> None:
    assert str(unknown("film", "x", [])) == "no film 'x': none is known yet"
    few = [f"Film {number:02}" for number in range(names._FEW)]
    assert str(unknown("film", "x", few[::-1])) == f"no film 'x': there are {', '.join(few)}"
    many = [*few, "Ordet"]
    assert str(unknown("film", "ORDETS", many)) == "no film 'ORDETS': did you mean Ordet?"
    assert str(unknown("film", "qqq", many)) == "no film 'qqq', nor any of a similar name among 21"
    assert str(unknown("film", "Film 0", many)).count(",") == 4


def test_of_many_names_those_of_which_it_is_a_part() -> None:
    many = [f"Film {number:02}" for number in range(names._FEW)]
    many += ["Howl's Moving Castle", "Howling", "Reprowl", "It Follows"]
    assert str(unknown("film", "howl", many)) == "no film 'howl': did you mean Howling, Howl's Moving Castle?"
    assert str(unknown("film", "moving castle", many)).endswith("did you mean Howl's Moving Castle?")
    assert str(unknown("film", "i", many)) == "no film 'i', nor any of a similar name among 24"
