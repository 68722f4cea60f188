"""What a form sends: that one of this server's own pages sends it, and how much it may be."""

import hmac
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

# Of a form without files.
_MOST_OF_FORM = 10_000


def refuse_others(request: Request, origins: Collection[str]) -> None:
    """Raise HTTPException unless a browser says that a page of one of these ``origins`` sends the request."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    is_silent = origin is None and site is None
    if is_silent or (origin is not None and origin not in origins) or site not in (None, "same-origin"):
        raise HTTPException(HTTPStatus.FORBIDDEN, "only this server's own page may send files here")


def own_origin(request: Request) -> str:
    """Return the origin of pages that came from where this request goes."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form without files. Raises HTTPException where it is large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_OF_FORM:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "that is not what the form on this page sends"
            )
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def is_same(text: str, secret: str) -> bool:
    """Compare what was sent with a secret; how long that takes tells nothing."""
    return hmac.compare_digest(text.encode(), secret.encode())


def see(address: str) -> Response:
    """Send the browser to a page of this server."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)
