"""Lists of which an answer has a part, and where the other parts are."""

from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Request, Response


@dataclass(frozen=True, slots=True)
class PartOfList:
    """A part of a list; ``total`` is the length of all of it.

    ``next`` and ``prev`` are the addresses of the parts after and before it, None where there is none.
    """

    total: int
    limit: int
    offset: int
    next: str | None
    prev: str | None


Part = TypeVar("Part", bound=PartOfList)


def linked(part: Part, request: Request, response: Response) -> Part:
    """Return a part with the addresses of those beside it, which the header Link (RFC 8288) says, too."""
    after, before = part.offset + part.limit, max(0, min(part.offset, part.total) - part.limit)
    there = {
        "next": _at(request, after) if after < part.total else None,
        "prev": _at(request, before) if part.offset and part.total else None,
    }
    links = [f'<{address}>; rel="{relation}"' for relation, address in there.items() if address]
    if links:
        response.headers["Link"] = ", ".join(links)
    return replace(part, next=there["next"], prev=there["prev"])


def _at(request: Request, offset: int) -> str:
    """Return the address of the same list from another place on."""
    kept = [pair for pair in parse_qsl(request.url.query, keep_blank_values=True) if pair[0] != "offset"]
    return f"{quote(request.scope['path'])}?{urlencode([*kept, ('offset', offset)])}"
