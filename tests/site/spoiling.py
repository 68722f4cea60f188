"""What each kind of fault makes of the right answer. Each kind has its function here, its values in rules."""

import gzip
import random
import re
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import cache
from typing import Literal

import brotli
from backports import zstd

from . import pages, refusals
from .pages import Answer, Delivery
from .rules import CHARSETS, Fault
from .world import World

SIGN_IN = "/sign-in/"

# The films of a listing, its people or viewings, between an opening and a closing tag.
_LISTING = re.compile(
    r'(<ul class="grid -p70">|<table [^>]*class="table-base (?:member-table|reactions-table)[^>]*>.*?<tbody>)'
    r"(.*?)(</ul>|</tbody>\s*</table>)",
    re.DOTALL,
)
# The end of a listing of several pages, and the rows that a listing of people consists of.
_PAGER = re.compile(r'<div class="pagination">.*?</div>\s*(?=<)', re.DOTALL)
_NUMBER = re.compile(r"(?:page/(\d+)/)?$")
_NAME = re.compile(r'(href="/|data-item-slug="|data-item-link="/film/)([\w-]+)(?=[/"])')
_CONTENT = '<div class="content-wrap">\n'
_PADDING = f"<p>{'padding ' * 12}</p>\n"


@dataclass(frozen=True)
class Case:
    """A fault about to strike: the path asked for, its right answer, and what chance depends on."""

    fault: Fault
    path: str
    right: Answer
    world: World
    chance: str

    @property
    def ray(self) -> str:
        """A code such as Cloudflare gives to every request."""
        return f"{random.Random(self.chance).getrandbits(64):016x}"

    @property
    def is_page(self) -> bool:
        return self.right.status == 200 and self.right.kind == pages.HTML


def spoil(case: Case) -> Answer | None:
    """Return what is sent instead; None where there is nothing for this kind of fault to spoil."""
    spoiled = SPOILERS[case.fault.kind](case)
    return spoiled and replace(spoiled, fault=case.fault.kind)


def _status(case: Case) -> Answer:
    code = case.fault.sent_code
    return Answer(code, refusals.error(code), headers=_retry_after(case.fault))


def _challenge(case: Case) -> Answer:
    mark = (("cf-mitigated", "challenge"),) if case.fault.header else ()
    return Answer(case.fault.sent_code, refusals.challenge(case.ray), headers=(*mark, *_cloudflare(case)))


def _ban(case: Case) -> Answer:
    headers = (*_retry_after(case.fault), *_cloudflare(case))
    return Answer(case.fault.sent_code, refusals.ban(case.ray), headers=headers)


def _login(case: Case) -> Answer | None:
    return None if case.path == SIGN_IN else Answer(302, "", headers=(("Location", SIGN_IN),))


def _no_listing(case: Case) -> Answer | None:
    listing = _LISTING.search(case.right.body)
    return _cut(case, *listing.span()) if listing else None


def _empty_listing(case: Case) -> Answer | None:
    listing = _LISTING.search(case.right.body)
    return _cut(case, *listing.span(2)) if listing and listing[2].strip() else None


def _wrong_member(case: Case) -> Answer | None:
    """The same page of somebody else: somebody named, or the next member who has anything there."""
    asked, _, rest = case.path.lstrip("/").partition("/")
    if not case.is_page or asked not in case.world.members:
        return None
    if case.fault.member:
        others = iter([case.fault.member] if case.fault.member != asked else [])
    else:
        others = _members_after(case.world, asked)
    for other in others:
        answer = pages.answer(case.world, f"/{other}/{rest}")
        if answer.status == 200 and (case.fault.member or _has_something(answer.body)):
            return answer
    return None


def _truncated(case: Case) -> Answer | None:
    whole = case.right.body.encode()
    if not whole:
        return None
    part = whole[: int(len(whole) * case.fault.part)]
    if not case.fault.adapted:
        return replace(case.right, delivery=Delivery(raw=part, length=len(whole), ending="close"))
    headers = (*case.right.headers, ("Connection", "close"))
    return replace(case.right, headers=headers, delivery=Delivery(raw=part, ending="close"))


def _hang(case: Case) -> Answer:
    return Answer(0, "", delivery=Delivery(case.fault.seconds, ending="silent"))


def _slow(case: Case) -> Answer:
    return replace(case.right, delivery=Delivery(case.fault.seconds))


def _reset(case: Case) -> Answer:
    return Answer(0, "", delivery=Delivery(ending="reset"))


def _garbage(case: Case) -> Answer:
    return Answer(200, "", delivery=Delivery(raw=random.Random(case.chance).randbytes(case.fault.size)))


def _wrong_charset(case: Case) -> Answer | None:
    """What the charset lacks is written as a reference, as servers do: in latin-1 only some letters break."""
    raw = case.right.body.encode(case.fault.charset, "xmlcharrefreplace")
    return None if raw == case.right.body.encode() else replace(case.right, delivery=Delivery(raw=raw))


def _huge(case: Case) -> Answer | None:
    """The right page, with paragraphs before its content; anything else ends in as many empty lines."""
    body = case.right.body
    lacking = int(case.fault.megabytes * 1_000_000) - len(body.encode())
    if not body or lacking <= 0:
        return None
    if _CONTENT not in body:
        return replace(case.right, body=body + "\n" * lacking)
    before, start, after = body.partition(_CONTENT)
    lines, rest = divmod(lacking, len(_PADDING))
    return replace(case.right, body="".join((before, start, _PADDING * lines, " " * rest, after)))


def _elsewhere(case: Case) -> Answer:
    return Answer(case.fault.sent_code, "", headers=(("Location", f"{case.fault.to}{case.path}"),))


def _bomb(case: Case) -> Answer:
    """A small answer of the kind asked for that unpacks to many megabytes of blanks."""
    raw = _packed_blanks(case.fault.encoding, int(case.fault.megabytes))
    headers = (("Content-Encoding", case.fault.encoding),)
    return Answer(200, "", case.right.kind, headers, delivery=Delivery(raw=raw))


@cache
def _packed_blanks(encoding: str, megabytes: int) -> bytes:
    megabyte = b" " * 1_000_000
    if encoding in ("gzip", "zstd"):  # several in a row are one
        pack = gzip.compress if encoding == "gzip" else zstd.compress
        return pack(megabyte) * megabytes
    if encoding == "gzip, gzip":
        return gzip.compress(_packed_blanks("gzip", megabytes))
    if encoding == "br":
        return bytes(brotli.compress(megabyte * megabytes, quality=1))
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(megabyte) for _ in range(megabytes)) + packer.flush()


def _drip(case: Case) -> Answer:
    ending: Literal["drip", "drip-body"] = "drip" if case.fault.head else "drip-body"
    return replace(case.right, delivery=Delivery(case.fault.seconds, ending=ending))


def _endless_head(case: Case) -> Answer:
    return replace(case.right, delivery=Delivery(ending="endless-head"))


def _endless_interim(case: Case) -> Answer:
    return replace(case.right, delivery=Delivery(ending="endless-interim"))


def _endless_body(case: Case) -> Answer | None:
    return replace(case.right, delivery=Delivery(ending="endless-body")) if case.right.body else None


def _rewrite(case: Case) -> Answer | None:
    body = re.sub(case.fault.pattern, case.fault.by, case.right.body, flags=re.DOTALL)
    if body == case.right.body:
        return None
    charset = "utf-8" if case.fault.charset == CHARSETS[0] else case.fault.charset
    return replace(case.right, body=body, delivery=Delivery(raw=body.encode(charset)))


def _endless(case: Case) -> Answer | None:
    """The first page of a listing, wherever it is asked for, with a link to one more."""
    path, number = _NUMBER.sub("", case.path), int(_NUMBER.search(case.path)[1] or 1)  # type: ignore[index]
    first = pages.answer(case.world, path)
    listing = _LISTING.search(first.body)
    if first.status != 200 or not listing:
        return None
    body = first.body
    if case.fault.anew and number > 1:
        items = _NAME.sub(rf"\g<1>\g<2>{number}", listing[2])
        body = body[: listing.start(2)] + items + body[listing.end(2) :]
    pager = f'<div class="pagination"><a class="next" href="{path}page/{number + 1}/">Next</a></div>\n'
    body = _PAGER.sub("", body, count=1)
    end = _LISTING.search(body).end()  # type: ignore[union-attr]
    return replace(first, body=body[:end] + pager + body[end:])


SPOILERS: dict[str, Callable[[Case], Answer | None]] = {
    "status": _status,
    "challenge": _challenge,
    "block": _challenge,
    "ban": _ban,
    "no-listing": _no_listing,
    "empty-listing": _empty_listing,
    "truncated": _truncated,
    "hang": _hang,
    "slow": _slow,
    "reset": _reset,
    "garbage": _garbage,
    "wrong-charset": _wrong_charset,
    "huge": _huge,
    "wrong-member": _wrong_member,
    "login": _login,
    "elsewhere": _elsewhere,
    "bomb": _bomb,
    "drip": _drip,
    "rewrite": _rewrite,
    "endless": _endless,
    "endless-head": _endless_head,
    "endless-interim": _endless_interim,
    "endless-body": _endless_body,
}


def _retry_after(fault: Fault) -> tuple[tuple[str, str], ...]:
    if fault.retry_after is None:
        return ()
    value = str(fault.retry_after)
    if fault.as_date:
        value = formatdate(time.time() + int(fault.retry_after), usegmt=True)
    return (("Retry-After", value),)


def _cloudflare(case: Case) -> tuple[tuple[str, str], ...]:
    return (("Server", "cloudflare"), ("cf-ray", f"{case.ray}-FRA"))


def _cut(case: Case, start: int, end: int) -> Answer:
    body = case.right.body
    return replace(case.right, body=body[:start] + body[end:])


def _members_after(world: World, name: str) -> Iterator[str]:
    """Yield the other members in the world's order, from the one after ``name`` round to the one before."""
    names = list(world.members)
    place = names.index(name)
    return iter(names[place + 1 :] + names[:place])


def _has_something(body: str) -> bool:
    """Tell whether a page lists anything; one without a listing, such as a profile, is something itself."""
    listing = _LISTING.search(body)
    return listing is None or bool(listing[2].strip())
