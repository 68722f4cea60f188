"""Who directs the films: people who do not exist, each with a page on the site and a number at TMDB."""

import random
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

_FIRST = (
    "Marit", "Odalys", "Teodor", "Branwen", "Kazuya", "Ilse", "Fenwick", "Yesenia", "Łucja", "Anselm",
    "Perpetua", "Dov", "Sun-hi", "Casimir", "Ottoline", "Raúl", "Thandeka", "Jools", "Wim", "Ghita",
    "Hjördis", "Lázaro", "Nkem", "Eulalie", "Bartek", "Sunniva", "Ravindra", "Concetta", "Piet", "Zofia",
)  # fmt: skip
_LAST = (
    "Quarles", "Ashdown-Vane", "Brzoskwinia", "O'Carrick", "Tanemura", "Vandersloot", "Ferrugem", "Lindhagen",
    "Mbatha-Roux", "Pomfret", "Zsolnay", "de la Huertas", "Krautwald", "Sjöquist", "Bellweather", "Ó Ruairc",
    "Nakagome", "Tremblecourt", "Ximenes-Lobo", "Hollowell", "Drăgan-Puiu", "Wetherly", "Castagnole",
)  # fmt: skip
_OF_CREWS = (
    "Abernethy-Cole", "Birdwhistell", "Cuttlefish", "Dunmurry", "Eisenhart", "Fothergill", "Gullick",
    "Hatherleigh", "Iwakura-Bell", "Jellicott", "Kestelman", "Lorimer-Voss", "Mossop",
)  # fmt: skip
_SPELLINGS = (
    ("Ha Dong-wook", "Ha Dong Wook"), ("Baek Eun-seo", "Baek Eun Seo"), ("Noh Min-kyu", "Noh Min Kyu"),
    ("Jean Luc Marchesseau", "Jean-Luc Marchesseau"), ("Apostolos Vretos", "Apostolos Vrettos"),
    ("T.J. Quillfeather", "T. J. Quillfeather"),
)  # fmt: skip
_FLAT = str.maketrans({"ł": "l", "Ł": "l", "'": "", "’": "", ".": ""})

ORDINARY, PAIRS = 130, 6


@dataclass(frozen=True)
class Person:
    """One person, perhaps spelled otherwise at TMDB; ``page_tmdb_id`` is the number that their page shows."""

    slug: str
    name: str
    tmdb_id: int
    page_tmdb_id: int | None
    profile_path: str | None = None
    department: str | None = "Directing"
    tmdb_name: str = ""

    @property
    def name_at_tmdb(self) -> str:
        """The name as TMDB has it."""
        return self.tmdb_name or self.name


def slug_of(name: str) -> str:
    """Return a name as it stands in addresses.

    >>> slug_of("Łucja O'Carrick")
    'lucja-ocarrick'
    """
    plain = unicodedata.normalize("NFKD", name.translate(_FLAT)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def crew_member(number: int) -> Person:
    """Return one of some four hundred people who act or work on films and direct none."""
    first, last = _FIRST[number % len(_FIRST)], _OF_CREWS[number % len(_OF_CREWS)]
    name, id_ = f"{first} {last}", 900_000 + number % (len(_FIRST) * len(_OF_CREWS))
    return Person(slug_of(name), name, id_, id_, None, None)


def _pool() -> list[Person]:
    rng = random.Random("directors")
    # The lengths of the two lists have no factor in common: no name comes twice by itself.
    names = [f"{_FIRST[one % len(_FIRST)]} {_LAST[one % len(_LAST)]}" for one in range(ORDINARY)]
    people = [_person(name, slug_of(name), 4_000 + 61 * place, rng) for place, name in enumerate(names)]
    for place, person in enumerate(people[:PAIRS]):
        people.append(_person(person.name, f"{person.slug}-1", 1_200_000 + 977 * place, rng))
    return people


def _person(name: str, slug: str, id_: int, rng: random.Random) -> Person:
    picture = f"/{rng.getrandbits(80):020x}.jpg" if rng.random() < 0.75 else None
    department = rng.choices(["Directing", "Writing", "Acting", None], weights=[85, 7, 5, 3])[0]
    return Person(slug, name, id_, id_, picture, department)


# Directors of most films; the last ones bear the names of the first.
POOL = tuple(_pool())
NAMESAKES = tuple(zip(POOL[:PAIRS], POOL[ORDINARY:], strict=True))
# Nobody of these directs anything but films of the kind: what they are called would depend on the film.
OTHERWISE_SPELLED = tuple(
    replace(_person(ours, slug_of(ours), 2_300_000 + place, random.Random(ours)), tmdb_name=theirs)
    for place, (ours, theirs) in enumerate(_SPELLINGS)
)
# Whose page has no number; no film of theirs has its directors at TMDB.
UNNUMBERED = Person("alannah-smithee-voss", "Alannah Smithee-Voss", 3_100_000, None, None, None)


def _by_slug(people: Iterable[Person]) -> dict[str, Person]:
    return {person.slug: person for person in people}


PEOPLE = _by_slug((*POOL, *OTHERWISE_SPELLED, UNNUMBERED))
