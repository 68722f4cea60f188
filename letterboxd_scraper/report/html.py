"""What every page is made with: its templates, and the policy that says what it may fetch and run."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import Markup, escape

from letterboxd_scraper.report.texts import clean, has_long_word
from letterboxd_scraper.templating import hash_source, templates
from letterboxd_scraper.words import counted, stars_in_words


def policy(style: str, posters: Iterable[str | None], scripts: Sequence[str] = ()) -> str:
    """Return a Content-Security-Policy: this style and these scripts, and no request but for posters."""
    addresses = [urlsplit(poster) for poster in posters if poster]
    hosts = sorted({f"https://{address.netloc}" for address in addresses if address.netloc})
    running = [f"script-src {' '.join(map(hash_source, scripts))}"] if scripts else []
    return "; ".join(
        [
            "default-src 'none'",
            *running,
            f"style-src {hash_source(style)}",
            f"img-src {' '.join(['data:', *hosts])}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates of reports."""
    environment = templates("letterboxd_scraper.report")
    environment.filters["clean"] = clean
    environment.filters["counted"] = counted
    environment.filters["has_long_word"] = has_long_word
    environment.filters["percent"] = _percent
    environment.filters["signed"] = _signed
    environment.filters["stars"] = stars_in_words
    environment.filters["with_commands"] = _with_commands
    return environment


def _percent(number: float) -> str:
    """Write a place as SVG has it.

    >>> _percent(12.3456), _percent(50)
    ('12.35%', '50%')
    """
    return f"{number:.2f}".rstrip("0").rstrip(".") + "%"


def _signed(number: float) -> str:
    """Write a number from −1 to 1 with its sign.

    >>> _signed(-0.221), _signed(0.5), _signed(-0.001)
    ('−0.22', '+0.50', '0.00')
    """
    text = f"{number:+.2f}".replace("-", "−")
    return text if text[1:] != "0.00" else "0.00"


def _with_commands(text: str) -> Markup:
    """Return a sentence with what stands between backticks as code.

    >>> print(_with_commands("It comes with `letterboxd enrich`, & so on."))
    It comes with <code>letterboxd enrich</code>, &amp; so on.
    """
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(clean(text)))))  # noqa: S704
