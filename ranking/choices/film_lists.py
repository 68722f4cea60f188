"""Lists of films in files."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.store.films.lookup import Reference, reference

_ADDRESSES = ("letterboxd uri", "letterboxduri", "url")
_TITLES = ("name", "title")
# In a diary, and in reviews, addresses are those of entries.
_DIARY = {"watched date", "rewatch"}


def read_list(file: Path) -> list[Reference]:
    """Return the films named in a file: titles, slugs or addresses, one a line, or a table with a header.

    A table is a CSV file, such as a list that was exported from Letterboxd. Raises InputError.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        records = [record for record in csv.reader(io.StringIO(text)) if any(record)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read the list {file}: {refusal(error)}") from None
    header = _header(records)
    if header is None:
        lines = (line.split("#")[0].strip() for line in text.splitlines())
        return [reference(line) for line in lines if line]
    names = [cell.strip().lower() for cell in records[header]]
    return [_of_row(dict(zip(names, record, strict=False))) for record in records[header + 1 :]]


def _header(records: Sequence[Sequence[str]]) -> int | None:
    """Return the index of the record that names the columns of a table of films; None if there is none."""
    headers = [index for index, record in enumerate(records) if _is_header(record, index)]
    # An exported list begins with a table about itself: its address is no film's.
    of_films = [index for index in headers if records[index][0].strip().lower() == "position"]
    return next(iter(of_films or headers), None)


def _is_header(record: Sequence[str], index: int) -> bool:
    cells = {cell.strip().lower() for cell in record}
    if record[0].startswith("#"):
        return False
    if cells & set(_ADDRESSES):
        return index == 0 or len(record) > 1
    return "year" in cells and bool(cells & set(_TITLES))


def _of_row(row: Mapping[str, str]) -> Reference:
    # "link" is what our own exports call it.
    addresses = () if _DIARY & row.keys() else (*_ADDRESSES, "link")
    address = next((row[name] for name in addresses if row.get(name)), None)
    title = next((row[name] for name in _TITLES if row.get(name)), None)
    year = row.get("year", "").strip()
    film = reference(address) if address else Reference()
    return replace(film, title=title, year=int(year) if re.fullmatch(r"\d{4}", year, re.ASCII) else None)
