"""Posters that are part of the page: small pictures, as many as the page has room for."""

import base64
import io
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from PIL import Image, ImageOps

from letterboxd_scraper.errors import (
    InputError,
    TmdbError,
    TmdbRateLimited,
    TmdbUnavailable,
    TmdbUnreadable,
    refusal,
)
from letterboxd_scraper.machine.files import write_file
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import film_rankings, films
from letterboxd_scraper.tmdb.images import Images, name_of
from letterboxd_scraper.words import counted

# Pixels, the most bytes of a thumbnail, and how well it is drawn where it would have more.
SIZE = (120, 180)
MOST_BYTES = 4_096
_QUALITIES = (62, 45, 30, 15)
# A page with posters is no larger, in bytes.
LARGEST_PAGE = 2_000_000
# What a byte of a thumbnail takes in the page, where it is packed; and what it takes beside it on the shelf.
_PACKED, _PLAIN = 1.4, 1.34
_ON_SHELF = 10
# A poster of more pixels is none.
_MOST_PIXELS = 4_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")
# After so many posters in a row without an answer, TMDB is not asked for the rest.
_DOWN_AFTER = 3
_DAY = 86_400.0


def addresses(connection: sa.Connection, cohort: Cohort, strategy: str, limit: int) -> list[str | None]:
    """Return where the posters of a ranking's films are, best first; None of a film without one."""
    r = film_rankings.c
    query = sa.select(films.c.poster_url).join(film_rankings, r.film_id == films.c.id)
    own = query.where(r.cohort_id == cohort.id, r.strategy == strategy)
    return list(connection.scalars(own.order_by(r.rank).limit(limit)))


@dataclass(frozen=True, slots=True)
class Kept:
    """Thumbnails of before, in a folder: none is older than ``days``, for TMDB's terms allow no more."""

    folder: Path
    days: float

    def read(self, name: str) -> bytes | None:
        """Return a poster's thumbnail; None where there is none, or an old one."""
        file = self._file(name)
        try:
            return file.read_bytes() if time.time() - file.stat().st_mtime < self.days * _DAY else None
        except OSError:
            return None

    def write(self, name: str, thumbnail: bytes) -> None:
        """Keep a thumbnail. Raises InputError where that cannot be done."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot write {self.folder}: {refusal(error)}") from None
        write_file(self._file(name), thumbnail)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.webp"


class Thumbnails:
    """Pictures to be part of a page; ``pictures`` has them as addresses, by those of the posters.

    ``room`` is how many bytes of a page they may take.
    """

    def __init__(self, images: Images, kept: Kept, room: float) -> None:
        self.pictures: dict[str, str] = {}
        self._images, self._kept, self._room = images, kept, room
        self._elsewhere = self._failed = self._unanswered = 0
        self._is_full = False
        self._why = self._why_unkept = ""

    def collect(self, posters: Iterable[str | None]) -> None:
        """Have the posters of films, best first, as long as there is room."""
        for place, address in enumerate(posters):
            name = name_of(address)
            if address is None or name is None:
                self._elsewhere += 1
                continue
            if self._room < MOST_BYTES * (_PACKED + _PLAIN):
                self._is_full = True
                return
            thumbnail = self._kept.read(name) or self._fetched(name)
            if thumbnail is None:
                self._failed += 1
                continue
            self._room -= len(thumbnail) * (_PACKED + (_PLAIN if place < _ON_SHELF else 0))
            self.pictures[address] = f"data:image/webp;base64,{base64.b64encode(thumbnail).decode('ascii')}"

    def _fetched(self, name: str) -> bytes | None:
        """Return a poster's thumbnail from TMDB; None where it is not to be had."""
        if self._unanswered >= _DOWN_AFTER:
            return None
        try:
            thumbnail = made_of(self._images.poster(name))
        except TmdbError as error:
            self._why = self._why or str(error)
            self._unanswered += isinstance(error, TmdbUnavailable)
            if isinstance(error, TmdbRateLimited):
                self._unanswered = _DOWN_AFTER
            return None
        self._unanswered = 0
        try:
            self._kept.write(name, thumbnail)
        except InputError as error:
            self._why_unkept = str(error)
        return thumbnail

    def remarks(self) -> list[str]:
        """Say in one line each how many posters the page has, and why it lacks others."""
        lines = [f"{counted(len(self.pictures), 'poster')} in the page"]
        if self._is_full:
            lines[0] += f": with more, it would be larger than {LARGEST_PAGE / 1e6:g} MB; --limit makes room"
        if self._failed:
            lines.append(f"{counted(self._failed, 'poster')} not to be had, cards instead: {self._why}")
        if self._elsewhere:
            lines.append(
                f"{counted(self._elsewhere, 'film')} without a poster of TMDB's, cards instead; "
                "`letterboxd enrich` asks TMDB for them"
            )
        if self._why_unkept:
            lines.append(f"the posters will be fetched again the next time: {self._why_unkept}")
        return lines


def made_of(poster: bytes) -> bytes:
    """Return a poster as a small picture, WebP. Raises TmdbUnreadable if it is none."""
    try:
        with Image.open(io.BytesIO(poster), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise TmdbUnreadable(f"a picture of TMDB's has {image.width} x {image.height} pixels")
            small = ImageOps.fit(image.convert("RGB"), SIZE, Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise TmdbUnreadable("a picture of TMDB's cannot be read") from None
    for quality in _QUALITIES:
        file = io.BytesIO()
        small.save(file, "WEBP", quality=quality, method=6)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()
