"""Lists of the API as CSV (RFC 4180), all of a list unless a part of it is asked for."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope

from letterboxd_scraper.server.asking import Answer, answer_of, readdressed
from letterboxd_scraper.server.cohorts import CohortEntry, MemberEntry
from letterboxd_scraper.server.forms import API
from letterboxd_scraper.server.lists import ListOfMovies
from letterboxd_scraper.server.rankings import StoredRanking
from ranking.exports.texts import as_text
from ranking.recommend.recommended import Recommended
from ranking.results import RankingEntry
from ranking.year.period import YearOfRatings

CONTENT_TYPE = "text/csv; charset=utf-8; header=present"
_MOST = 500


@dataclass(frozen=True, slots=True)
class Table:
    """A list in an answer: the field that holds it, what its rows are, and whether it comes in parts."""

    field: str
    row: type
    parts: bool = True


TABLES: Mapping[str, Table] = {
    f"{API}/cohorts": Table("cohorts", CohortEntry, parts=False),
    f"{API}/cohorts/{{cohort}}/members": Table("members", MemberEntry),
    f"{API}/cohorts/{{cohort}}/years": Table("years", YearOfRatings, parts=False),
    f"{API}/cohorts/{{cohort}}/rankings": Table("rankings", StoredRanking, parts=False),
    f"{API}/cohorts/{{cohort}}/rankings/{{strategy}}": Table("films", RankingEntry),
    f"{API}/cohorts/{{cohort}}/lists": Table("lists", ListOfMovies, parts=False),
    f"{API}/cohorts/{{cohort}}/report": Table("films", RankingEntry),
    f"{API}/cohorts/{{cohort}}/recommendations": Table("films", Recommended),
}
_PATTERNS = [(compile_path(address)[0], table) for address, table in TABLES.items()]


def table_at(address: str) -> Table | None:
    """Return what is listed at an address of the API; None where there is no list."""
    return next((table for pattern, table in _PATTERNS if pattern.fullmatch(address)), None)


async def as_csv(app: ASGIApp, scope: Scope, receive: Receive, table: Table) -> Answer:
    """Return a list as CSV; an error is returned as it is."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    is_whole = table.parts and "limit" not in dict(query)
    if is_whole:
        scope = readdressed(scope, scope["path"], urlencode([*query, ("limit", _MOST)]).encode())
    rows: list[Mapping[str, Any]] = []
    while True:
        answer = await answer_of(app, scope, receive)
        if answer.status != 200:
            return answer
        content = json.loads(answer.body)
        rows += content[table.field]
        if not (is_whole and content["next"]):
            break
        scope = readdressed(scope, scope["path"], content["next"].partition("?")[2].encode())
    if is_whole:
        del answer.headers["link"]
    elif link := answer.headers.get("link"):
        answer.headers["link"] = link.replace("?", ".csv?")
    answer.replace(_text(rows, [field.name for field in fields(table.row)]).encode(), CONTENT_TYPE)
    return answer


def _text(rows: list[Mapping[str, Any]], columns: list[str]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return file.getvalue()


def _cell(value: Any) -> Any:
    """Return a value as it stands in a cell: a text that a spreadsheet would compute gets an apostrophe."""
    match value:
        case str():
            return as_text(value)
        case list() if all(isinstance(one, str) for one in value):
            return as_text("; ".join(value))
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        case _:
            return value
