"""A page for friends who are to send their files: in plain words, with drawings, on a phone or on paper."""

import base64
from functools import lru_cache
from importlib.resources import files

from letterboxd_scraper.report import assets, html
from letterboxd_scraper.report.texts import clean

DRAWINGS = ("export-settings", "export-data", "export-download", "send", "circle", "leave")


def page(label: str | None = None, contact: str | None = None) -> str:
    """Return the page, which needs nothing else. It holds no circle's data.

    ``label`` is what the circle is called, ``contact`` to whom the files are sent.
    """
    style = assets.howto_style()
    template = html.environment().get_template("howto.html")
    return template.render(
        label=clean(label) if label else None,
        contact=clean(contact) if contact else None,
        style=style,
        policy=html.policy(style, ()),
        drawings={name: _address(name) for name in DRAWINGS},
    )


@lru_cache
def _address(drawing: str) -> str:
    """Return an address of a drawing that holds all of it."""
    svg = (files("letterboxd_scraper.report") / "drawings" / f"{drawing}.svg").read_bytes()
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"
