"""Which film a tile names."""

import pytest
from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.pages.tiles import parse_tiles


def slugs(marks: str) -> list[str]:
    tile = f'<li><div {marks} data-item-name="Ordet (1955)"></div></li>'
    page = Selector(f'<div id="content"><ul class="grid">{tile}</ul></div>')
    return [entry.film.slug for entry in parse_tiles(page)]


@pytest.mark.parametrize(
    ("marks", "slug"),
    [
        ('data-item-slug="ordet"', "ordet"),
        ('data-film-slug="/film/ordet/"', "ordet"),
        ('data-item-slug="" data-item-link="/film/ordet/"', "ordet"),
        ('data-item-slug="film"', "film"),
    ],
)
def test_a_tile_names_its_film(marks: str, slug: str) -> None:
    assert slugs(marks) == [slug]


@pytest.mark.parametrize("marks", ['data-film-slug="/film"', 'data-item-slug="" data-item-link="film/"'])
def test_a_path_without_a_slug_names_none(marks: str) -> None:
    with pytest.raises(LayoutChanged):
        slugs(marks)
