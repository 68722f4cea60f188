"""News as a page for people: lists of films, without scripts."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from ranking.news import words
from ranking.news.model import News
from ranking.news.read import moment


def as_page(news: News, base_url: str, styles: str = "") -> str:
    """Return news as an HTML document that needs nothing else, and fetches nothing.

    ``styles`` stand before those of the lists, and may be empty.
    """
    return (
        _environment()
        .get_template("news.html")
        .render(
            news=news,
            parts=parts(news),
            members=words.members_in_words(news)[1:],
            base_url=base_url,
            styles=styles,
        )
    )


def parts(news: News) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return the headings of parts that have films, and of these title, link, and what is new."""
    return [
        (heading, [(words.title(film), film.link, what) for film, what in films])
        for heading, films in words.parts(news)
    ]


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ranking.news"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = moment
    environment.globals["nothing_new"] = words.nothing_new
    return environment
