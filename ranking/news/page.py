"""News as a page for people: lists of films, without scripts."""

from functools import cache

from jinja2 import Environment

from letterboxd_scraper.templating import ONE_FILE, templates
from letterboxd_scraper.words import moment_in_words
from ranking.news import words
from ranking.news.model import News


def as_page(news: News, base_url: str, styles: str = "") -> str:
    """Return news as an HTML document that needs nothing else, and fetches nothing.

    ``styles`` stand before those of the lists, and may be empty.
    """
    return _render("news.html", news, policy=ONE_FILE, base_url=base_url, styles=styles)


def as_fragment(news: News) -> str:
    """Return the lists of films alone, as HTML to stand in a document of somebody else's."""
    return _render("parts.html", news)


def _render(template: str, news: News, **more: str) -> str:
    told = {"news": news, "parts": words.parts(news), "members": words.members_in_words(news)}
    return _environment().get_template(template).render(told | more)


@cache
def _environment() -> Environment:
    environment = templates("ranking.news")
    environment.filters["moment"] = moment_in_words
    environment.globals["nothing_new"] = words.nothing_new
    return environment
