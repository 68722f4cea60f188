"""Rules for faults: what goes wrong, on which paths and how often. A rule is checked when it is made."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

# Each kind with the values that only it (or it and its like) takes.
KINDS: dict[str, tuple[str, ...]] = {
    "status": ("code", "retry_after", "as_date"),
    "challenge": ("code", "header"),
    "block": ("code", "header"),
    "ban": ("code", "retry_after", "as_date"),
    "no-listing": (),
    "empty-listing": (),
    "truncated": ("part", "adapted"),
    "hang": ("seconds",),
    "slow": ("seconds",),
    "reset": (),
    "garbage": ("size",),
    "wrong-charset": ("charset",),
    "huge": ("megabytes",),
    "wrong-member": ("member",),
    "login": (),
    "elsewhere": ("code", "to"),
    "bomb": ("encoding", "megabytes"),
    "drip": ("seconds", "head"),
    "rewrite": ("pattern", "by", "charset"),
    "endless": ("anew",),
    "endless-head": (),
    "endless-interim": (),
    "endless-body": (),
}
CODES = {
    "challenge": (403, 200),
    "block": (403, 200),
    "ban": (403, 429),
    "elsewhere": (302, 301, 303, 307, 308),
}  # the default first
ENCODINGS = ("gzip", "deflate", "br", "zstd", "gzip, gzip")
CHARSETS = ("latin-1", "utf-16", "utf-16-le")  # utf-16 begins with a byte order mark, utf-16-le does not
DAY = 86_400

_COMMON = ("kind", "path", "times", "after", "share")
_PRINTABLE = re.compile(r"[ -~]+")


@dataclass(frozen=True)
class Fault:
    """One rule: a kind of fault, where it strikes, and how often; ValueError says what is wrong with it.

    ``path`` is a regular expression for the *whole* path, without the query: ``/marla/`` is her profile
    alone, ``/marla/.*`` all her pages, ``/robots.txt`` only that. Of the requests with such a path the
    fault leaves the first ``after`` alone (all requests count, whatever their path), strikes a ``share``
    of the others, and does so ``times`` times, or for ever.
    """

    kind: str
    path: str = ".*"
    times: int | None = None
    after: int = 0
    share: float = 1.0
    code: int | None = None  # status: any; challenge and block: 403 or 200; ban: 403 or 429
    retry_after: int | str | None = None  # seconds, or a text to be sent as it is
    as_date: bool = False  # write the seconds of retry_after as the date they lead to
    header: bool = True  # challenge, block: with "cf-mitigated: challenge"
    seconds: float | None = None  # hang: None is until the site stops; drip: between two bytes
    head: bool = False  # drip: the head as well, not the body alone
    part: float = 0.5  # truncated: how much of the body is sent
    adapted: bool = False  # truncated: Content-Length is that of the part, not of the whole
    charset: str = "latin-1"  # rewrite: this one stands for UTF-8
    to: str | None = None  # elsewhere: the address that comes before the path
    encoding: str = "gzip"  # bomb: as in Content-Encoding
    pattern: str = ""  # rewrite: a regular expression; every match is replaced
    by: str = ""  # rewrite: what by, with groups as \\1
    anew: bool = False  # endless: other people or films on every page, not the same ones
    megabytes: float = 10  # huge, and bomb: unpacked
    size: int = 4096  # garbage: in bytes
    member: str | None = None  # wrong-member: None is the next one with something on that page

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        _check_pattern(self.path)
        for name, fits, expected in _CHECKS:
            value = getattr(self, name)
            if not fits(value):
                raise ValueError(f"{name} must be {expected}, not {value!r}")
        self._check_own_values()

    @property
    def sent_code(self) -> int:
        """The status to send: ``code``, or the default of the kind."""
        return self.code or CODES[self.kind][0]

    def given(self) -> dict[str, object]:
        """Return the fields that were set, as in JSON."""
        values = ((field, getattr(self, field.name)) for field in fields(self))
        return {field.name: value for field, value in values if value != field.default}

    def _check_own_values(self) -> None:
        for name in self.given():
            if name not in _COMMON and name not in KINDS[self.kind]:
                raise ValueError(f"{self.kind} takes no {name}")
        if self.code is None and self.kind == "status":
            raise ValueError("status needs a code")
        if self.code is not None and self.code not in CODES.get(self.kind, (self.code,)):
            codes = " or ".join(map(str, CODES[self.kind]))
            raise ValueError(f"code of {self.kind} must be {codes}, not {self.code}")
        if self.kind == "elsewhere" and self.to is None:
            raise ValueError("elsewhere needs an address")
        if self.kind in ("slow", "drip") and self.seconds is None:
            raise ValueError(f"{self.kind} needs seconds")
        if self.as_date and not isinstance(self.retry_after, int):
            raise ValueError("as_date needs a retry_after in seconds")


def read_rules(text: str | bytes) -> list[Fault]:
    """Return the rules of a JSON list of objects; ValueError says which rule is wrong, and why."""
    try:
        rules = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from None
    if not isinstance(rules, list):
        raise ValueError("expected a list of rules")
    return [_read_rule(number, rule) for number, rule in enumerate(rules)]


def _read_rule(number: int, rule: object) -> Fault:
    fields_of_fault = {field.name for field in fields(Fault)}
    if not isinstance(rule, dict) or "kind" not in rule:
        raise ValueError(f'rule {number}: expected {{"kind": ...}}')
    if unknown := sorted(rule.keys() - fields_of_fault):
        raise ValueError(f"rule {number}: there is no {unknown[0]!r}")
    try:
        return Fault(**rule)
    except ValueError as error:
        raise ValueError(f"rule {number}: {error}") from None


def _check_pattern(path: object) -> None:
    if not isinstance(path, str):
        raise ValueError(f"path must be a regular expression, not {path!r}")
    try:
        re.compile(path)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"path must be a regular expression, but {path!r} has: {error}") from None


def _whole(value: object, lowest: int, highest: float = float("inf")) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _within(value: object, lowest: float, highest: float) -> bool:
    """Tell whether a value is a number between the two; nan is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest


def _is_retry_after(value: object) -> bool:
    if isinstance(value, str):
        return _PRINTABLE.fullmatch(value) is not None
    return value is None or _whole(value, -DAY * 365, DAY * 365)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


_CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("times", lambda value: value is None or _whole(value, 1), "a whole number from 1 on"),
    ("after", lambda value: _whole(value, 0), "a whole number from 0 on"),
    ("share", lambda value: _within(value, 0, 1), "a number from 0 to 1"),
    ("code", lambda value: value is None or _whole(value, 200, 599), "a status from 200 to 599"),
    ("retry_after", _is_retry_after, "seconds (up to a year) or a line of plain text"),
    ("as_date", _is_flag, "true or false"),
    ("header", _is_flag, "true or false"),
    ("head", _is_flag, "true or false"),
    ("seconds", lambda value: value is None or _within(value, 0, DAY), "a number from 0 to 86400"),
    ("part", lambda value: _within(value, 0, 1) and value < 1, "a number from 0 to less than 1"),
    ("adapted", _is_flag, "true or false"),
    ("encoding", lambda value: value in ENCODINGS, f"one of {', '.join(ENCODINGS)}"),
    ("to", lambda value: value is None or isinstance(value, str), "an address"),
    ("pattern", lambda value: isinstance(value, str), "a regular expression"),
    ("by", lambda value: isinstance(value, str), "a text"),
    ("anew", _is_flag, "true or false"),
    ("charset", lambda value: value in CHARSETS, f"one of {', '.join(CHARSETS)}"),
    ("megabytes", lambda value: _within(value, 0.001, 1000), "a number from 0.001 to 1000"),
    ("size", lambda value: _whole(value, 1, 10**9), "a whole number from 1 to 1000000000"),
    ("member", lambda value: value is None or isinstance(value, str), "a member's name"),
)
