"""Pages for people, each made of what the API answers: a page and its JSON cannot tell different things."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, quote

from jinja2 import Environment
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.report.assets import shared_style
from letterboxd_scraper.server.asking import Answer, answer_of, readdressed
from letterboxd_scraper.server.filters import FILTERS
from letterboxd_scraper.server.forms import API, View
from letterboxd_scraper.server.served import ATTRIBUTION, Served
from letterboxd_scraper.templating import hash_source, templates

CONTENT_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """A page's template, and the answers of the API that it shows beside its ``own``, by their names.

    Where only the parameter ``asks_for`` is missing, the page is there to ask for it: it has none of its own.
    """

    template: str
    own: str
    beside: Mapping[str, str] = field(default_factory=dict)
    asks_for: str = ""

    def asks(self, answer: Answer) -> bool:
        """Say whether an answer tells of nothing but that what the page asks for is missing."""
        if not self.asks_for or answer.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            return False
        wrong = [one["parameter"] for one in json.loads(answer.body)["errors"]]
        return wrong == [self.asks_for]


_COHORT = API + "/cohorts/{cohort}"
_PAGES = {
    "/": Page("index.html", "listed"),
    "/cohorts": Page("index.html", "listed"),
    "/docs": Page("docs.html", "document", {"listed": f"{API}/cohorts"}),
    "/cohorts/{cohort}": Page(
        "circle.html",
        "circle",
        {
            "freshness_of": f"{_COHORT}/freshness",
            "rankings": f"{_COHORT}/rankings",
            "years": f"{_COHORT}/years",
        },
    ),
    "/cohorts/{cohort}/members": Page("members.html", "members", {"circle": _COHORT}),
    "/cohorts/{cohort}/rankings/{strategy}": Page("ranking.html", "ranking", {"circle": _COHORT}),
    "/cohorts/{cohort}/recommendations": Page(
        "recommendations.html",
        "list",
        {"circle": _COHORT, "members": f"{_COHORT}/members?limit=500"},
        asks_for="member",
    ),
    "/cohorts/{cohort}/lists": Page(
        "lists.html", "lists", {"circle": _COHORT, "members": f"{_COHORT}/members?limit=2"}
    ),
    "/cohorts/{cohort}/lists/{list}": Page("movies.html", "movies", {"circle": _COHORT}),
    "/cohorts/{cohort}/news": Page(
        "news.html", "told", {"circle": _COHORT, "members": f"{_COHORT}/members?limit=500"}
    ),
    "/cohorts/{cohort}/films/{film}": Page("film.html", "film", {"circle": _COHORT}),
}
_PATTERNS = [(compile_path(path)[0], page) for path, page in _PAGES.items()]


class Pages:
    """Makes the pages of an application that answers in JSON."""

    def __init__(self, app: ASGIApp, serving: Served) -> None:
        self._app = app
        self._serving = serving

    async def page(self, scope: Scope, receive: Receive, view: View) -> Answer | None:
        """Return the page at an address, or the error that is in its way; None where there is no page."""
        page, places = _page_at(view.address)
        if page is None:
            return None
        query = scope["query_string"].decode("latin-1")
        own = await self._ask(scope, receive, view.source, query)
        answers = {} if page.asks(own) else {page.own: own}
        for name, address in page.beside.items():
            path, _, part = address.partition("?")
            answers[name] = await self._ask(scope, receive, path.format(**places), part)
        for answer in answers.values():
            if answer.status != HTTPStatus.OK:
                return answer
        made = next(iter(answers.values()))
        content = {page.own: None} | {name: json.loads(answer.body) for name, answer in answers.items()}
        self._show(made, page.template, at=Address(view.address, query), **content)
        return made

    async def _ask(self, scope: Scope, receive: Receive, path: str, query: str) -> Answer:
        return await answer_of(self._app, readdressed(scope, path, query.encode("latin-1")), receive)

    def error(self, answer: Answer) -> None:
        """Let a problem be a page."""
        self._show(answer, "error.html", problem=json.loads(answer.body))

    def _show(self, answer: Answer, template: str, **content: Any) -> None:
        answer.replace(render(template, self._serving, **content).encode(), CONTENT_TYPE)
        answer.headers["content-security-policy"] = policy()
        del answer.headers["link"]


def render(template: str, serving: Served, **content: Any) -> str:
    """Return a page as HTML."""
    common = {
        "attribution": ATTRIBUTION,
        "default": DEFAULT_STRATEGY,
        "now": serving.now,
        "style": _style(),
        "takes_files": serving.takes_files,
        "by_invitation": bool(serving.public_url),
        "is_member": serving.reader.member_of is not None,
    }
    return _environment().get_template(template).render(common | content)


def _page_at(path: str) -> tuple[Page | None, Mapping[str, str]]:
    """Return the page at a path, and what stands in the places of its pattern."""
    for pattern, page in _PATTERNS:
        if match := pattern.fullmatch(path):
            return page, match.groupdict()
    return None, {}


@dataclass(frozen=True)
class Address:
    """A page's own address."""

    path: str
    query: str

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """What stands behind the question mark."""
        return parse_qsl(self.query)

    def values(self, name: str) -> list[str]:
        """Return the values of a parameter."""
        return [value for key, value in self.parameters if key == name]

    def as_(self, form: str) -> str:
        """Return the address of the same as JSON or CSV: ``form`` is the suffix."""
        path = quote("/cohorts" if self.path == "/" else self.path)
        return f"{path}.{form}" + (f"?{self.query}" if self.query else "")

    def like(self, link: str | None) -> str | None:
        """Return the address of the page for a part of its list that the API's ``link`` leads to."""
        return None if link is None else f"{quote(self.path)}?{link.partition('?')[2]}"


def policy(script: str = "") -> str:
    """Return the policy of the pages: their style, forms that lead here, and no request to anybody else.

    A ``script`` may run on the page that holds it, and ask this server.
    """
    scripts = f"script-src {hash_source(script)}; connect-src 'self'; " if script else ""
    return (
        f"default-src 'none'; {scripts}style-src {hash_source(_style())}; img-src data:; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


@lru_cache(maxsize=1)
def _style() -> str:
    own = files("letterboxd_scraper.server") / "templates" / "pages.css"
    return shared_style() + own.read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def script_of_form() -> str:
    """Return the script of a form on which files can be dropped; the form works without it."""
    return (files("letterboxd_scraper.server") / "templates" / "drop.js").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = templates("letterboxd_scraper.server")
    environment.filters |= FILTERS
    return environment
