"""What a log line in JSON tells of a request and its answer."""

from typing import Any

from scrapy import Request
from scrapy.http import Response

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.tasks import FilmStart


def of_request(request: Request, response: Response | None = None) -> dict[str, Any]:
    """Return the address, whose page it is, the attempt from 1 on; of an answer status and seconds."""
    fields: dict[str, Any] = {"url": request.url, "attempt": request.meta.get("retry_times", 0) + 1}
    if member := request.cb_kwargs.get("member"):
        fields["member"] = member
    film = request.cb_kwargs.get("film") or request.cb_kwargs.get("start")
    if isinstance(film, FilmStart):
        film = film.film
    if isinstance(film, Film):
        fields["film"] = film.slug
    if response is not None:
        fields["status"] = response.status
        if (seconds := request.meta.get("download_latency")) is not None:
            fields["seconds"] = round(seconds, 3)
    return fields
