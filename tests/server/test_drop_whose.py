"""Files that do not say whose they are, and films in them that nobody can tell: people say it on the page."""

import re

from tests.conftest import on_both, on_sqlite
from tests.imports.test_reading import ARCHIVE, IMDB
from tests.server.dropped import FIVE, OWN, Files, Page, archive_of

LISTS: Files = [
    ("one/imdb.csv", IMDB.encode()),
    ("two/imdb.csv", IMDB.replace(",9,", ",4,").encode()),
    ("ratings.csv", ARCHIVE["ratings.csv"].encode()),
]
UNKNOWN = "Title,Year,Rating\n=Nothing,1899,3.5\nPersona,1966,4.5\n"


def asked(page: Page) -> list[str]:
    """Return the fields in which it is asked whose a file is."""
    return re.findall(r'<input name="(whose-\d+)"', page.ask("GET", "/drop/preview").text)


@on_sqlite
def test_each_file_has_a_name_of_its_own(page: Page) -> None:
    page.drop([*LISTS, FIVE[0]])
    fields = asked(page)
    assert len(fields) == 3
    page.say_whose(dict(zip(fields, ("ida", "jo", "kai"), strict=True)))
    assert asked(page) == []
    page.agree()
    assert page.members() == {"ann", "ida", "jo", "kai"}


@on_sqlite
def test_files_that_nobody_names_are_left_out(page: Page) -> None:
    page.drop(LISTS)
    assert "Take them in" not in page.ask("GET", "/drop/preview").text
    first = asked(page)[0]
    page.say_whose({first: "ida"})
    assert "Files that nobody has named are left out" in page.ask("GET", "/drop/preview").text
    assert len(asked(page)) == 2
    page.agree()
    assert page.members() == {"ida"}


@on_sqlite
def test_what_is_no_name_is_said_and_the_files_wait(page: Page) -> None:
    page.drop(LISTS)
    hidden = page.hidden("/drop/preview")
    for name in ("a b", "<svg onload=alert(1)>", "../../etc"):
        reply = page.say_whose({"whose-0": name})
        assert reply.status == 422
        assert "<svg" not in reply.said()
    assert page.say_whose({"whose-0": "ida"}, {}).status == 403
    assert page.say_whose({"whose-9": "ida", "whose-x": "ida"}).status == 303
    assert len(asked(page)) == 3
    # The page of before shows something else than what would be stored now.
    assert page.ask("POST", "/drop/store", OWN, data=hidden).status == 409
    assert page.rows() == [0, 0, 0, 0]


@on_both
def test_what_cannot_be_matched_comes_as_a_table_and_is_taken_back(page: Page) -> None:
    page.drop([("mine.csv", UNKNOWN.encode()), ("letterboxd-ida.zip", archive_of("ida"))])
    page.say_whose({field: "ida" for field in asked(page)})
    reply = page.ask("GET", "/drop/preview/unmatched.csv")
    assert reply.headers["content-disposition"] == 'attachment; filename="unmatched.csv"'
    assert reply.headers["content-type"].startswith("text/csv")
    preview = reply.text
    page.agree()
    assert "1 line of the circle friends" in page.ask("GET", "/drop").text
    table = page.ask("GET", "/drop/unmatched.csv?cohort=friends").text
    assert table == preview
    assert table.count("\n") == 2
    assert "ida,table, =Nothing,1899,,,3.5,,mine.csv," in table
    page.drop([("unmatched.csv", table.strip().removesuffix(",").encode() + b",boxd.it/nO1\r\n")])
    page.agree()
    assert page.rows()[2] == 3
    assert "unmatched.csv" not in page.ask("GET", "/drop").text
    assert page.ask("GET", "/drop/unmatched.csv?cohort=nobody").text.count("\n") == 1
    assert page.ask("GET", "/drop/preview/unmatched.csv").status == 303
