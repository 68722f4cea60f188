"""Checks that a page is what was asked for, before anything on it, or missing from it, is believed."""

import re
from collections.abc import Mapping

from parsel import Selector

from letterboxd_scraper.errors import WrongPage

# Present in every challenge, absent from ordinary pages. The words "challenge-platform" alone
# prove nothing: ordinary pages carry a Cloudflare script of that name.
_CHALLENGE_SIGNS = re.compile(r"<title>\s*Just a moment|<script[^<>]*>[^<]*cf_chl_opt")
_BAN_SIGNS = re.compile(
    "used Cloudflare to restrict access|has banned you temporarily|You are being rate limited"
    "|you have been blocked"
)

# In bytes: a smaller page does no harm, whatever it consists of; the largest page of the site is smaller.
_HARMLESS = 300_000
# Each takes 120 bytes of memory or more; the site's pages have some thousands.
_MOST_ELEMENTS = 500_000
# The parser takes four times as long for twice as many on one element; 80,000 take it a minute.
_MOST_ATTRIBUTES = 1000
# In bytes: what is looked for in an attribute is looked for in several copies of it.
_LONGEST_TAG = 500_000
_TAG = re.compile(rb"""<[a-zA-Z](?:[^"'>]++|"[^"]*+"|'[^']*+')*+""")


def block_in(status: int, headers: Mapping[str, str], text: str) -> str | None:
    """Return "challenge" or "ban" if the site refuses us with this response, else None.

    ``headers`` have lower-case names. An ordinary page is no block, whatever members wrote on it:
    what they write cannot make a title or a script.
    """
    if headers.get("cf-mitigated") == "challenge" or _CHALLENGE_SIGNS.search(text):
        return "challenge"
    if status != 200 and "Enable JavaScript and cookies to continue" in text:
        return "challenge"
    if status == 426 or (status != 200 and _BAN_SIGNS.search(text)):
        return "ban"
    return None


def refuse_truncated(text: str) -> None:
    """Raise WrongPage if the end of the document is missing: what was cut off would pass for absent."""
    if "</html" not in text[-2000:]:
        raise WrongPage("the page is cut short: it has no end")


def refuse_other_encoding(body: bytes, encoding: str) -> None:
    """Raise WrongPage if the bytes are not what their encoding says: names on the page would be garbled."""
    try:
        body.decode(encoding)
    except UnicodeDecodeError:
        raise WrongPage(f"the page is not written in {encoding}, as it says") from None
    # Two bytes for each letter pass for UTF-8, with a zero between any two.
    if b"\0" in body and body.count(b"\0") > len(body) / 10:
        raise WrongPage(f"the page is not written in {encoding}, as it says: it is full of zero bytes")


def refuse_monstrous(body: bytes) -> None:
    """Raise WrongPage if parsing the page would take the memory or the time of the whole crawl."""
    if len(body) <= _HARMLESS:
        return
    if body.count(b"<") > _MOST_ELEMENTS:
        raise WrongPage(f"the page has more than {_MOST_ELEMENTS:,} elements")
    for tag in _TAG.finditer(body):
        length = tag.end() - tag.start()
        if length > _LONGEST_TAG:
            raise WrongPage(f"an element of the page has attributes of more than {_LONGEST_TAG:,} bytes")
        if length > 2 * _MOST_ATTRIBUTES and len(tag[0].split(maxsplit=_MOST_ATTRIBUTES)) > _MOST_ATTRIBUTES:
            raise WrongPage(f"an element of the page has more than {_MOST_ATTRIBUTES:,} attributes")


def check(page: Selector, body_class: str, owner: str | None = None) -> None:
    """Raise WrongPage unless the page is of the type ``body_class`` and belongs to member ``owner``."""
    classes = page.xpath("//body/@class").get("").split()
    if body_class not in classes:
        raise WrongPage(f"expected a {body_class!r} page, found body class {' '.join(classes)!r}")
    if owner is not None and (actual := owner_of(page)) != owner.lower():
        raise WrongPage(f"expected a page of {owner!r}, found one of {actual!r}")


def owner_of(page: Selector) -> str | None:
    """Return the member whose page this is, in lower case; None where the page does not say."""
    # Pages of 2020 have no owner on the body, but name the person in the profile header.
    owner = page.xpath("//body/@data-owner").get() or page.css("[id=profile-header]::attr(data-person)").get()
    return owner.lower() if owner else None


def is_private(page: Selector) -> bool:
    """Say whether a refused page (status 403) is the site's own message, not a block.

    Unverified: no such page was ever saved; peers tell it by the message's section.
    """
    return bool(page.css("section.message")) or "This profile is private" in page.xpath("string()").get("")
