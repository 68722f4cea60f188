"""What is stored of a film: TMDB's word before the page's; what neither speaks of stays."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import (
    DIRECTOR,
    FILM,
    HISTOGRAM,
    TMDB,
    Film,
    FilmFacts,
    FilmGone,
    FilmHistogram,
    FilmUnmatched,
    TmdbDetails,
    TmdbLink,
)
from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.items.sources import NamedBy, Naming
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.films import elsewhere, enrichment, labels, namesakes
from letterboxd_scraper.store.films.directors import save_directors
from letterboxd_scraper.store.films.identity import film_ids, redirected, stored_film_ids
from letterboxd_scraper.store.merge import merge_films
from letterboxd_scraper.store.schema import film_histograms, film_people, films

_Values = dict[str, Any]
_NOTHING_OF_TMDB: _Values = {
    "tmdb_id": None,
    "tmdb_media_type": None,
    "tmdb_synced_at": None,
    "tmdb_not_found": False,
    "tmdb_guessed": False,
    "release_date": None,
    "runtime_minutes": None,
    "poster_url": None,
    "overview": None,
    "original_language": sa.case((films.c.language_by == NamedBy.PAGE, films.c.original_language)),
    "language_by": sa.case((films.c.language_by == NamedBy.PAGE, films.c.language_by)),
    # A year that no source has given is that of TMDB's date.
    "release_year": sa.case((films.c.year_by.is_not(None), films.c.release_year)),
}


def save_facts(connection: sa.Connection, item: FilmFacts, provenance: Provenance) -> None:
    """Store what a film's page and TMDB told. Titles and years are the site's."""
    film = _film_id(connection, item, provenance)
    if film is None:
        return  # it became part of another meanwhile
    row = connection.execute(sa.select(films).where(films.c.id == film)).one()
    if item.guessed and not _may_be_guessed(connection, row, item.link):
        save_unmatched(connection, FilmUnmatched(item.film, item.stored), provenance)
        return
    moved = item.link is not None and item.link != enrichment.link_of(row)
    if moved:
        row = _without_guesses(connection, film, item)
    values = _link_values(item) | _shared_values(row, item, moved=moved) | _site_values(connection, row, item)
    values |= _language_values(row, item, moved=moved)
    if item.details or item.not_found:
        values |= {"tmdb_synced_at": provenance.at, "tmdb_not_found": item.not_found}
    elif moved:
        values |= {"tmdb_synced_at": None, "tmdb_not_found": False}
    _update(connection, row, values)
    if item.page and item.film.slug != item.page.film.slug:
        failures.rename_film(connection, item.film.slug, item.page.film.slug)
    # What TMDB told stands, where it was not asked this time or did not answer.
    if item.details or moved or row.tmdb_synced_at is None or row.tmdb_not_found or item.not_found:
        _save_labels(connection, film, item, moved=moved)
        save_directors(connection, film, item.directors, provenance.at, by_tmdb=item.details is not None)
    _resolve_failures(connection, item, provenance)
    enrichment.settle(connection, [film], provenance.at)
    told = {"tmdb": item.link and not item.guessed, "imdb": item.page and item.page.imdb_id}
    elsewhere.note_numbers(connection, row, [kind for kind, number in told.items() if number])


def save_gone(connection: sa.Connection, item: FilmGone, provenance: Provenance) -> None:
    """Note that the site has no page of a film: what is stored of it stays."""
    for film in stored_film_ids(connection, [item.film]).values():
        values: _Values = {"gone_at": provenance.at}
        if item.not_found:
            values |= {"tmdb_not_found": True, "tmdb_synced_at": provenance.at}
        connection.execute(films.update().where(films.c.id == film).values(values))
        enrichment.wait(connection, film, provenance.at)
    failures.resolve_film(connection, [item.film.slug], provenance.at)


def save_unmatched(connection: sa.Connection, item: FilmUnmatched, provenance: Provenance) -> None:
    """Note that a film was looked for in vain: it is not sought again for as long as anything waits.

    What was guessed of it goes, where that is refuted.
    """
    film = _stored_id(connection, item.film, item.stored)
    failures.resolve_film(connection, [item.film.slug], provenance.at, [FILM, TMDB])
    if film is None:
        return
    if item.refuted:
        _drop_guess(connection, film)
    enrichment.wait(connection, film, provenance.at, enrichment.LONGEST_WAIT)


def save_histogram(connection: sa.Connection, item: FilmHistogram, provenance: Provenance) -> None:
    """Store a film's histogram: its average and number of ratings count more than those of the page."""
    failures.resolve_film(connection, [item.film.slug], provenance.at, [HISTOGRAM])
    for film in stored_film_ids(connection, [item.film]).values():
        histogram = item.histogram
        values: _Values = {
            "letterboxd_rating_count": histogram.ratings,
            "letterboxd_weighted_average": histogram.average,
            "histogram_synced_at": provenance.at,
        }
        if histogram.fans is not None:
            values["letterboxd_fan_count"] = histogram.fans
        connection.execute(films.update().where(films.c.id == film).values(values))
        connection.execute(film_histograms.delete().where(*_site_levels(film)))
        levels = [
            {"film_id": film, "bucket_label": str(stars), "count": count, "computed_at": provenance.at}
            for stars, count in zip(STARS, histogram.counts, strict=True)
        ]
        connection.execute(film_histograms.insert(), levels)


def _site_levels(film: int) -> tuple[sa.ColumnElement[bool], ...]:
    return film_histograms.c.film_id == film, film_histograms.c.cohort_id.is_(None)


def _film_id(connection: sa.Connection, item: FilmFacts, provenance: Provenance) -> int | None:
    """Return the id of the film looked at; where its address led to another, they are one film now."""
    asked = _stored_id(connection, item.film, item.stored)
    if item.page is None:
        return asked
    film = item.page.film
    # What no run has read was saved by somebody, at some time.
    naming = Naming(NamedBy.PAGE, provenance.at, live=provenance.run is not None)
    if item.stored is not None:
        return _proved(connection, asked, film, naming)
    if item.film.slug != film.slug:
        return redirected(connection, item.film, film, naming)
    return film_ids(connection, [film], naming)[film.key]


def _proved(connection: sa.Connection, asked: int | None, film: Film, naming: Naming) -> int:
    """Return the id of a film of a page that has proved to be that of a film ``asked`` about."""
    keep = film_ids(connection, [film], naming)[film.key]
    is_stored = sa.select(sa.exists().where(films.c.id == asked))
    if asked in (None, keep) or not connection.scalar(is_stored):
        return keep
    merge_films(connection, keep, asked)
    namesakes.settle(connection, (), [keep])
    return keep


def _stored_id(connection: sa.Connection, film: Film, stored: int | None) -> int | None:
    """Return the id of a film that was asked about; None where it became part of another meanwhile."""
    if stored is None or film.lid:
        return stored_film_ids(connection, [film]).get(film.key)
    # Numbers of rows that have gone are given to others.
    same = (films.c.id == stored, films.c.title == film.title, films.c.slug.is_(None))
    return connection.scalar(sa.select(films.c.id).where(*same, films.c.letterboxd_lid.is_(None)))


def _without_guesses(connection: sa.Connection, film: int, item: FilmFacts) -> Any:
    """Drop guesses at a film that has another number, and at its number for others; return its row."""
    others = sa.select(films.c.id).where(*_others_at(item.link, film), sa.literal(not item.guessed))
    for guessed in (film, *connection.scalars(others).all()):
        _drop_guess(connection, guessed)
    return connection.execute(sa.select(films).where(films.c.id == film)).one()


def _drop_guess(connection: sa.Connection, film: int) -> None:
    """Let nothing be known of a film that TMDB told of another, for which it was mistaken."""
    guessed = films.update().where(films.c.id == film, films.c.tmdb_guessed)
    if connection.execute(guessed.values(_NOTHING_OF_TMDB)).rowcount:
        labels.set_genres(connection, film, set())
        labels.set_countries(connection, film, (), {})
        connection.execute(film_people.delete().where(film_people.c.film_id == film))


def _may_be_guessed(connection: sa.Connection, row: Any, link: TmdbLink | None) -> bool:
    """Say whether a guess does not contradict what is stored: of this film, or of another that is there."""
    if row.tmdb_id is not None and not row.tmdb_guessed:
        return False
    return not connection.scalar(sa.select(sa.exists().where(*_others_at(link, row.id))))


def _others_at(link: TmdbLink | None, film: int) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions that another film than this one has its place at TMDB."""
    if link is None:
        return (sa.false(),)
    same = (films.c.tmdb_id == link.id, films.c.tmdb_media_type == link.kind)
    return (*same, films.c.id != film)


def _link_values(item: FilmFacts) -> _Values:
    if item.link is None:
        return {}
    return {
        "tmdb_guessed": item.guessed,
        "tmdb_id": item.link.id,
        "tmdb_media_type": item.link.kind,
        "tmdb_show_id": item.link.id if item.link.season is not None else None,
        "tmdb_season_number": item.link.season,
        "tmdb_episode_number": item.link.episode,
    }


def _shared_values(row: Any, item: FilmFacts, *, moved: bool) -> _Values:
    """Return what both TMDB and the page may tell, from the one that counts most and tells it."""
    stored = None if moved else row
    sources = [item.details, item.page, stored]
    if not item.details and not item.not_found and row.tmdb_synced_at is not None:
        sources = [stored, item.page]  # what TMDB told before counts more than the page
    names = ("runtime_minutes", "poster_url", "overview")
    values = {name: _first(sources, name) for name in names}
    values["release_date"] = _first([item.details, stored], "release_date")
    values["imdb_id"] = _first([item.page, row], "imdb_id")
    if row.release_year is None and values["release_date"]:
        values["release_year"] = values["release_date"].year
    return values


def _language_values(row: Any, item: FilmFacts, *, moved: bool) -> _Values:
    """Return the language that the page names, else TMDB's: what a page named stays, whatever TMDB tells."""
    if item.page and item.page.original_language:
        return {"original_language": item.page.original_language, "language_by": NamedBy.PAGE}
    if row.language_by == NamedBy.PAGE:
        return {}
    if item.details and item.details.original_language:
        return {"original_language": item.details.original_language, "language_by": TMDB}
    return {"original_language": None, "language_by": None} if moved else {}


def _first(sources: Sequence[Any], name: str) -> Any:
    return next((value for source in sources if (value := getattr(source, name, None)) is not None), None)


def _site_values(connection: sa.Connection, row: Any, item: FilmFacts) -> _Values:
    if item.page is None:
        return {}
    values: _Values = {}
    if not connection.scalar(sa.select(sa.exists().where(*_site_levels(row.id)))):
        values["letterboxd_weighted_average"] = item.page.average
        values["letterboxd_rating_count"] = item.page.ratings
    return {name: value for name, value in values.items() if value is not None} | {"gone_at": None}


def _update(connection: sa.Connection, row: Any, values: _Values) -> None:
    changed = {name: value for name, value in values.items() if row._mapping[name] != value}
    if changed:
        connection.execute(films.update().where(films.c.id == row.id).values(changed))


def _save_labels(connection: sa.Connection, film: int, item: FilmFacts, *, moved: bool) -> None:
    by_tmdb = item.details.genres if item.details else ()
    by_page = item.page.genres if item.page else ()
    if by_tmdb:
        labels.set_genres(connection, film, labels.genres_of_tmdb(connection, by_tmdb))
    elif item.page and (by_page or moved):
        labels.set_genres(connection, film, labels.genres_of_page(connection, by_page))
    if (item.details and item.details.countries) or moved:
        details = item.details or TmdbDetails()
        labels.set_countries(connection, film, details.countries, dict(details.country_names))


def _resolve_failures(connection: sa.Connection, item: FilmFacts, provenance: Provenance) -> None:
    stages = [FILM] * (item.page is not None) + [TMDB] * (item.details is not None or item.not_found)
    # If somebody's page could not be read: who they are on TMDB has come to light in another way.
    if not any(director.slug and not director.tmdb_id for director in item.directors):
        stages.append(DIRECTOR)
    slugs = [item.film.slug, item.page.film.slug if item.page else item.film.slug]
    failures.resolve_film(connection, slugs, provenance.at, stages)
