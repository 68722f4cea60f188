"""What a browser shows for who it is: no script reads it, and no other site's page sends it along."""

from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import HTTPConnection
from starlette.responses import Response

# No secret of ours is longer, alone or with a number behind it.
_LONGEST = 200


class Cookie(StrEnum):
    """What there is a cookie for: joining, one's own page, and passwords that were typed."""

    JOIN = "join"
    MEMBER = "member"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of a server; ``secure``: behind TLS, where no other host can set them either."""

    secure: bool

    def name(self, cookie: Cookie) -> str:
        """Return what it is called in headers."""
        return f"{'__Host-' if self.secure else ''}letterboxd-{cookie}"

    def read(self, connection: HTTPConnection, cookie: Cookie) -> str:
        """Return what the browser sends; nothing where it sends none."""
        return connection.cookies.get(self.name(cookie), "")[:_LONGEST]

    def put(self, response: Response, cookie: Cookie, value: str, seconds: int | None = None) -> None:
        """Let the browser keep it for so long; None: until it is closed."""
        response.set_cookie(
            self.name(cookie),
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    def remove(self, response: Response, cookie: Cookie) -> None:
        """Let the browser forget it."""
        self.put(response, cookie, "", 0)
