"""In which form a reader wants what they ask for: as a page, as JSON, or as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

API = "/api/v1"


class Form(StrEnum):
    """A form, by its media type."""

    PAGE = "text/html"
    JSON = "application/json"
    CSV = "text/csv"


_SUFFIXES = {".json": Form.JSON, ".csv": Form.CSV}
# Below these, an address with a suffix is another form of the one without.
_FORMED = ("/cohorts", f"{API}/cohorts")
_SOURCES = {"/": f"{API}/cohorts", "/docs": "/openapi.json"}


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: the ``address`` without a suffix, and the form."""

    address: str
    form: Form

    @classmethod
    def of(cls, path: str, accept: str) -> Self:
        """Read it from the path of a request, whose suffix decides, and from its header Accept.

        >>> View.of("/cohorts/friends/members.csv", "*/*")
        View(address='/cohorts/friends/members', form=<Form.CSV: 'text/csv'>)
        >>> View.of("/api/v1/cohorts", "text/html").form, View.of("/", "application/json").form
        (<Form.JSON: 'application/json'>, <Form.JSON: 'application/json'>)
        """
        if path.startswith(_FORMED):
            for suffix, form in _SUFFIXES.items():
                if path.endswith(suffix):
                    return cls(path.removesuffix(suffix), form)
        offered = [Form.JSON, Form.CSV] if path.startswith(f"{API}/") else list(Form)
        return cls(path, Form(preferred(accept, offered)))

    @property
    def source(self) -> str:
        """The address of the API that answers in JSON what is asked for.

        >>> [View(path, Form.PAGE).source for path in ("/", "/cohorts/friends", "/metrics")]
        ['/api/v1/cohorts', '/api/v1/cohorts/friends', '/metrics']
        """
        if self.address in _SOURCES:
            return _SOURCES[self.address]
        return API + self.address if self.address.startswith("/cohorts") else self.address


def preferred(accept: str, offered: Sequence[str]) -> str:
    """Return the media type that a header Accept prefers (RFC 9110, 12.5.1); of several the first.

    >>> preferred("text/html,application/xml;q=0.9,*/*;q=0.8", ["application/json", "text/html"])
    'text/html'
    >>> preferred("text/csv, text/*;q=0.1", ["text/html", "text/csv"]), preferred("", ["text/csv"])
    ('text/csv', 'text/csv')
    """
    ranges = [_range(text) for text in accept.split(",") if text.strip()] or [("*/*", 1.0)]

    def quality(kind: str) -> float:
        matching = [(len(one), q) for one, q in ranges if one in (kind, f"{kind.partition('/')[0]}/*", "*/*")]
        return max(matching, default=(0, 0.0))[1]

    return max(offered, key=quality)


def _range(text: str) -> tuple[str, float]:
    """Read a range of media types with its weight."""
    kind, *parameters = (part.strip() for part in text.lower().split(";"))
    weights = [part.removeprefix("q=") for part in parameters if part.startswith("q=")]
    try:
        return kind, float(weights[0]) if weights else 1.0
    except ValueError:
        return kind, 0.0
