"""Where the other parts of a list are."""

from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Request, Response

from letterboxd_scraper.server.queries import Paging


class Neighbours(NamedTuple):
    """The addresses of the parts of a list after and before one; None where there is none."""

    next: str | None
    prev: str | None


def neighbours(request: Request, response: Response, paging: Paging, total: int) -> Neighbours:
    """Return where the list goes on, and say it in the header Link (RFC 8288), too."""
    after, before = paging.offset + paging.limit, max(0, min(paging.offset, total) - paging.limit)
    there = Neighbours(
        _at(request, after) if after < total else None,
        _at(request, before) if paging.offset and total else None,
    )
    links = [f'<{address}>; rel="{relation}"' for relation, address in there._asdict().items() if address]
    if links:
        response.headers["Link"] = ", ".join(links)
    return there


def _at(request: Request, offset: int) -> str:
    """Return the address of the same list from another place on."""
    kept = [pair for pair in parse_qsl(request.url.query, keep_blank_values=True) if pair[0] != "offset"]
    return f"{quote(request.scope['path'])}?{urlencode([*kept, ('offset', offset)])}"
