"""Names of members and cohorts, read from what people write and paste."""

import re
from collections.abc import Iterator

# What a copied name may be wrapped in; the first is what editors put at the beginning of a file.
_AROUND = "\ufeff\u200b\u200e\u200f \t\r\n\"'<>,;/"
_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?(?:letterboxd\.com|localhost(?::\d+)?|127\.[\d.]+(?::\d+)?)/([^/?#]+)(?:[/?#].*)?",
    re.IGNORECASE,
)
_SHORT_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?boxd\.it/(\w+)", re.ASCII | re.IGNORECASE)
# What stands in addresses of the site where members' names do.
_NO_NAMES = frozenset({"film", "films", "list", "lists", "director", "actor", "members", "tmdb", "imdb"})


def member_name(text: str) -> str:
    r"""Return a member's name as it is stored, of one with an @ or capitals, or in an address.

    Raises ValueError.

    >>> member_name(" @Marla\r\n"), member_name("https://www.letterboxd.com/Marla/films/"), member_name("kip")
    ('marla', 'marla', 'kip')
    """
    bare = text.strip(_AROUND)
    if short_code(bare):
        raise ValueError(
            "is a short address: open it in a browser, and give the name in the address it leads to"
        )
    address = _ADDRESS.fullmatch(bare)
    name = (address[1] if address else bare.removeprefix("@")).lower()
    if not re.fullmatch(r"[a-z0-9_-]+", name) or (address and name in _NO_NAMES):
        raise ValueError("is not a member name: use the name in the profile's address, such as 'dave'")
    return name


def short_code(text: str) -> str | None:
    """Return the code of a short address, which leads to a member or a film; None for anything else.

    >>> short_code("https://boxd.it/2aZcr"), short_code("marla")
    ('2aZcr', None)
    """
    address = _SHORT_ADDRESS.fullmatch(text.strip(_AROUND))
    return address[1] if address else None


def lines_of_names(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield the names in a text, one a line, with the lines' numbers; what follows a # is a remark.

    >>> list(lines_of_names("\ufeffann\r\n\r\n# friends\r\n@bob  # and family"))
    [(1, 'ann'), (4, '@bob')]
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if name := re.split(r"(?:^|\s)#", line)[0].strip(_AROUND):
            yield number, name


def cohort_label(text: str) -> str:
    """Return a new cohort's label. Raises ValueError.

    >>> cohort_label(" friends ")
    'friends'
    """
    label = text.strip()
    if label.isdigit() or not re.fullmatch(r"[A-Za-z0-9._-]+", label):
        raise ValueError("is not a label: use letters, digits, '.', '_' and '-', and not digits alone")
    return label
