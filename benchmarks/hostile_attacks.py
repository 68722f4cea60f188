"""What a site does that does not mean well: every attack of benchmarks/hostile_site.py."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from tests.site import Fault
from tests.site.certificates import DAY

SPIDERS: Mapping[str, Mapping[str, str]] = {
    "follow_graph": {"cohort": "friends"},
    "profile": {"cohort": "friends"},
    "when_rated": {"cohort": "friends", "audit": "all"},
    "rss": {"cohort": "friends"},
    "film": {"cohort": "friends", "histograms": "true", "limit": "5"},
}
PAGES = r"/(?!robots\.txt|3/).*"
ROBOTS = r"/robots\.txt"
TMDB = r"/3/.*"
# Almost as much as is let through, of what costs most when it is read.
_MARKUP = 19_000_000

# Whose certificate a site shows: the host that it is for, how long it lasts, and whether the crawl knows
# who has signed it.
CERTIFICATES: Mapping[str, tuple[str, timedelta, bool]] = {
    "nobody's": ("127.0.0.1", DAY, False),
    "another host's": ("elsewhere.test", DAY, True),
    "yesterday's": ("127.0.0.1", -DAY, True),
    "the operator's": ("127.0.0.1", DAY, True),
}
_DONE, _BAD_INPUT, _FAILURES, _BLOCKED = 0, 2, 3, 4


@dataclass(frozen=True)
class Attack:
    """What happens to pages, on a site with one of CERTIFICATES, and the exit codes that are right then.

    Those ``in_browser`` are right with LETTERBOXD_BROWSER=true; where there are none, that is not tried.
    """

    faults: tuple[Fault, ...] = ()
    codes: Collection[int] = (_FAILURES,)
    certificate: str | None = None
    spiders: Collection[str] = tuple(SPIDERS)
    in_browser: Collection[int] = ()


def attacks(elsewhere: str) -> dict[str, Attack]:
    """Return the attacks by name; ``elsewhere`` is the address of a site that is not to be asked."""
    return {
        **_leading_away(elsewhere),
        **_certificates(),
        **_robots(elsewhere),
        **_too_much(),
        **_without_end(),
        **_other_pages(),
        **_feeds(elsewhere),
        **_tmdb(elsewhere),
    }


def _leading_away(elsewhere: str) -> dict[str, Attack]:
    away = {
        "elsewhere": elsewhere,
        "elsewhere, in short": elsewhere.removeprefix("http:"),
        "elsewhere, as a user": f"{elsewhere}@127.0.0.1",
        "a file": "file://",
        "FTP": elsewhere.replace("http", "ftp"),
        "data": "data:text/html,",
        "itself": "",
    }
    return {
        f"redirects to {name}": Attack(
            (Fault("elsewhere", PAGES, to=to),), in_browser=(_FAILURES,) if name == "elsewhere" else ()
        )
        for name, to in away.items()
    }


def _certificates() -> dict[str, Attack]:
    return {
        f"certificate: {name}": Attack(
            certificate=name,
            codes=(_DONE,) if name == "the operator's" else (_FAILURES,),
            in_browser=(_FAILURES,),
        )
        for name in CERTIFICATES
    }


def _robots(elsewhere: str) -> dict[str, Attack]:
    waiting = _rewritten(".+", "User-agent: *\nCrawl-delay: 1000000\n", ROBOTS)
    return {
        "robots.txt elsewhere": Attack((Fault("elsewhere", ROBOTS, to=elsewhere),)),
        "robots.txt that is a page": _rewritten(".+", "<html><body>Sorry</body></html>", ROBOTS),
        "robots.txt: a bomb": Attack((Fault("bomb", ROBOTS, megabytes=900),)),
        "robots.txt: bytes": Attack((Fault("garbage", ROBOTS),)),
        "robots.txt: drips": Attack((Fault("drip", ROBOTS, seconds=0.05, head=True),)),
        "robots.txt without an end": Attack((Fault("endless-body", ROBOTS),)),
        "robots.txt: wait a million": Attack(waiting.faults, codes=(_BLOCKED,)),
    }


def _too_much() -> dict[str, Attack]:
    bombs = {
        f"bomb, {encoding}": Attack(
            (Fault("bomb", PAGES, encoding=encoding, megabytes=900),),
            in_browser=(_FAILURES,) if encoding == "br" else (),
        )
        for encoding in ("gzip", "gzip, gzip", "deflate", "br", "zstd")
    }
    json = "[[]" + ",[]" * (_MARKUP // 3) + "]"
    # On each of the 72 tiles of a page.
    identity = '"x":[[]' + ",[]" * (_MARKUP // 72 // 3) + "],"
    return {
        **bombs,
        "100 MB, not packed": Attack((Fault("huge", PAGES, megabytes=100),), in_browser=(_FAILURES,)),
        "19 MB of elements": _before_end("<b></b>" * (_MARKUP // 7), in_browser=(_FAILURES,)),
        # What runs in a browser only, and there only on pages that are read as such.
        "a page that grows": _script('document.body.append("x".repeat(2e7))'),
        # playwright hands on what is posted, at ten times its size.
        "a page that posts 10 MB": _script('fetch("/", {method: "POST", body: "x".repeat(1e7)})'),
        "a page that says 20 MB": _script('console.log("x".repeat(2e7)); alert("x".repeat(2e7))'),
        "elements in each other": _before_end("<b>" * 400_000, codes=(_DONE, _FAILURES)),
        "19 MB of attributes": _before_end(f"<b {_attributes()}></b>"),
        "19 MB of pictures of faces": _before_end("😀" * (_MARKUP // 4), codes=(_DONE,)),
        "19 MB of a page's class": _rewritten('(?<=<body class=")', "x" * _MARKUP),
        "19 MB of titles": _rewritten(
            r'((?:data-item-name|property="og:title" content|alt)=")', r"\1" + "x" * (_MARKUP // 300)
        ),
        "19 MB of JSON on a film's page": _rewritten(
            r'(?<=<script type="application/ld\+json">).*?(?=</script>)', json, spiders=("film",)
        ),
        "19 MB of JSON on tiles": _rewritten(
            r"(?<=data-postered-identifier='{)", identity, spiders=("profile", "when_rated")
        ),
    }


def _without_end() -> dict[str, Attack]:
    return {
        "drips": Attack((Fault("drip", PAGES, seconds=0.05),), in_browser=(_FAILURES,)),
        "drips, head and body": Attack(
            (Fault("drip", PAGES, seconds=0.05, head=True),), in_browser=(_FAILURES,)
        ),
        "silence": Attack((Fault("hang", PAGES),)),
        "headers without an end": Attack((Fault("endless-head", PAGES),)),
        "promises without an end": Attack((Fault("endless-interim", PAGES),)),
        "a body without an end": Attack((Fault("endless-body", PAGES),), in_browser=(_FAILURES,)),
        "the same page for ever": Attack((Fault("endless", PAGES),), codes=(_DONE, _FAILURES)),
        "other pages for ever": Attack((Fault("endless", PAGES, anew=True),), codes=(_DONE, _FAILURES)),
    }


def _other_pages() -> dict[str, Attack]:
    numbers = _rewritten(r"\b(\d)[,.\u00a0](\d)\d\d\b", r"\1.\2K")
    kinds = {
        "somebody else's pages": Fault("wrong-member", PAGES),
        "bytes": Fault("garbage", PAGES, size=1_000_000),
        "cut short": Fault("truncated", PAGES, adapted=True),
        "no listings": Fault("no-listing", PAGES),
        "empty listings": Fault("empty-listing", PAGES),
        "nothing at all": Fault("status", PAGES, code=204),
        "nothing new": Fault("status", PAGES, code=304),
        "two bytes a letter": Fault("wrong-charset", PAGES, charset="utf-16-le"),
    }
    return {
        "renamed links to the next page": _rewritten('class="next"', 'class="pager-next"'),
        "renamed pagers": _rewritten('class="pagination"', 'class="pager"'),
        "renamed everything": _rewritten(r'class="(?=\w)', 'class="x-'),
        "shortened numbers": Attack(numbers.faults, codes=(_DONE, _FAILURES)),
        # Without the seed there is no circle.
        "nobody is there": Attack((Fault("status", PAGES, code=404),), codes=(_DONE, _BAD_INPUT, _FAILURES)),
        "the sign-in page": Attack((Fault("login", PAGES),), in_browser=(_FAILURES,)),
        "challenges": Attack((Fault("challenge", PAGES),), codes=(_BLOCKED,), in_browser=(_BLOCKED,)),
        "wait a year": Attack((Fault("status", PAGES, code=503, retry_after=31_536_000),), codes=(_BLOCKED,)),
        **{name: Attack((fault,), codes=(_DONE, _FAILURES)) for name, fault in kinds.items()},
    }


def _feeds(elsewhere: str) -> dict[str, Attack]:
    """Return what XML allows: entities that stand for each other, for files, and for what others have."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    kinds = {
        "laughs": f'<!DOCTYPE rss [<!ENTITY l0 "lol">{laughs}]>',
        "a file": '<!DOCTYPE rss [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
        "elsewhere": f'<!DOCTYPE rss SYSTEM "{elsewhere}/" [<!ENTITY l9 SYSTEM "{elsewhere}/">]>',
    }
    feed = r"/\w+/rss/"
    return {
        f"feeds: {name}": Attack(
            (Fault("rewrite", feed, pattern="(<rss.*?<title>)", by=rf"{kind}\1&l9;"),),
            codes=(_DONE, _FAILURES),
            spiders=("rss",),
        )
        for name, kind in kinds.items()
    }


def _tmdb(elsewhere: str) -> dict[str, Attack]:
    kinds = {
        "a bomb": Fault("bomb", TMDB, megabytes=900),
        "drips": Fault("drip", TMDB, seconds=0.05),
        "drips, head and body": Fault("drip", TMDB, seconds=0.05, head=True),
        "silence": Fault("hang", TMDB),
        "headers without an end": Fault("endless-head", TMDB),
        "promises without an end": Fault("endless-interim", TMDB),
        "a body without an end": Fault("endless-body", TMDB),
        "elsewhere": Fault("elsewhere", TMDB, to=elsewhere),
        "bytes": Fault("garbage", TMDB, size=1_000_000),
        "19 MB of JSON": Fault(
            "rewrite", TMDB, pattern=r"^\{", by='{"x":[[]' + ",[]" * (_MARKUP // 3) + "],"
        ),
        "JSON in JSON": Fault("rewrite", TMDB, pattern=".+", by="[" * 100_000),
    }
    return {f"TMDB: {name}": Attack((fault,), spiders=("film",)) for name, fault in kinds.items()}


def _rewritten(pattern: str, by: str, path: str = PAGES, spiders: Collection[str] = tuple(SPIDERS)) -> Attack:
    codes = (_FAILURES,) if path == ROBOTS else (_DONE, _FAILURES)
    return Attack((Fault("rewrite", path, pattern=pattern, by=by),), codes, spiders=spiders)


def _before_end(
    markup: str, codes: Collection[int] = (_FAILURES,), *, in_browser: Collection[int] = ()
) -> Attack:
    ends = r"(?=</body>|</channel>)"
    return Attack((Fault("rewrite", PAGES, pattern=ends, by=markup),), codes=codes, in_browser=in_browser)


def _script(script: str) -> Attack:
    return _before_end(f"<script>{script}</script>", (_DONE,), in_browser=(_DONE, _FAILURES))


def _attributes() -> str:
    return " ".join(f'a{number}="1"' for number in range(_MARKUP // 13))
