"""Films of a report, made up: for tests of what it says of them."""

from collections.abc import Mapping
from typing import Any

from benchmarks.circles import NOW
from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report.films import FilmTable, ReportFilm
from ranking.results import RankedFilm


def film(title: str, stars: Mapping[int, float], average: float | None = None, **about: Any) -> ReportFilm:
    """Return a film that members, by their places, gave these stars; ``about`` are its other fields."""
    mean = sum(stars.values()) / len(stars) if stars else None
    ranked = RankedFilm(
        film_id=1,
        rank=1,
        title=title,
        year=2000,
        slug=title,
        address=None,
        score=mean or 0.0,
        low=None,
        high=None,
        watchers=len(stars),
        mean=mean,
        letterboxd=average,
        parameters={},
        computed_at=NOW,
        **{name: about.pop(name) for name in ("liked", "favorites", "wanted") if name in about},
    )
    fields: dict[str, Any] = {
        "why": "",
        "runtime": None,
        "language": None,
        "poster": None,
        "average": average,
        "marks": {member: round(2 * level) for member, level in stars.items()},
        "site": None,
        "genres": [],
        "directors": [],
        "discovery": None,
    }
    return ReportFilm(ranked, **(fields | about))


def stars_of(counts: list[int]) -> dict[int, float]:
    """Return the stars of members of whom so many gave half a star, one star and so on."""
    levels = [stars for stars, count in zip(STARS, counts, strict=True) for _ in range(count)]
    return dict(enumerate(levels))


def table(*films: ReportFilm, total: int | None = None) -> FilmTable:
    """Return these films as all of a report."""
    return FilmTable(films, [], [], [], NOW, len(films) if total is None else total)
