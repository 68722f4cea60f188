"""Archives for tests: of the world's members, altered, and taken in."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa

from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.save import save
from tests.site import World, own_world
from tests.site.archive import archive, file_name, packed, rating_days

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def put(folder: Path, world: World, name: str, moment: str = "2026-01-21-11-21", **rated: str) -> Path:
    """Write a member's archive; ``rated`` are days that are not those of the world as it was at first."""
    file = folder / file_name(name, moment)
    days = rating_days(own_world().member(name))
    days |= {slug.replace("_", "-"): date.fromisoformat(day) for slug, day in rated.items()}
    file.write_bytes(archive(world, name, days))
    return file


def keep(engine: sa.Engine, *archives: Path) -> None:
    for path in archives:
        with engine.begin() as connection:
            save(read_archive(path, NOW).snapshot, connection, Provenance(NOW))


# What is refused.


def altered(change: Callable[[dict[str, str]], None], folder: str = "") -> bytes:
    body = archive(own_world(), "kip")
    with zipfile.ZipFile(io.BytesIO(body)) as zipped:
        texts = {name: zipped.read(name).decode() for name in zipped.namelist()}
    change(texts)
    return packed(texts, folder)


def with_row(name: str, row: str) -> bytes:
    return altered(lambda texts: texts.update({name: texts[name] + row + "\r\n"}))


FILM = "https://boxd.it/2b7U"
