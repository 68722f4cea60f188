"""Worlds to serve: one of our own, and one read from a folder of ratings. Both depend on the seed alone."""

import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import cycle
from pathlib import Path

from .cinema import oddity, where_at_tmdb
from .world import MAX_FAVOURITES, STARS, Entry, Film, Member, State, World

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# name as its owner writes it | display name; made up, with a few that are awkward to read from HTML.
PEOPLE = """
marla|Marla Quint
Otto_Reels|Otto Lindqvist
junebug|June 🐞
PiaPopcorn|Pia & the Popcorn
noor|🎬
the_usher|<The> Usher
Bram_B|Bram "Backlot" Boone
lukasz77|Łukasz Wójcik
sora|空
ohara|Fen O'Hara
matinee_mo|Matinee Mo
VelvetCurtain|velvet curtain
tilda_tape|Tilda Tape
hal9|Hal  Niner
quiet_row|quiet row
Ximena|Ximena Prado
dolly_zoom|Dolly Zoom
gaffer|Gaffer & Sons
bestboy|Best Boy
LateShow|Late Show Larry
ines_f|Inès Fournier
kip|Kip
mezzanine|mezzanine
nightowl_nell|Nell 🦉
orla_o|Orla Ó Briain
projectionist|The Projectionist
rosalind_r|Rosalind Reyes
sprocket|Sprocket
tomasz_t|Tomasz T.
umber|umber
vera_verite|Vera Vérité
wide_angle|Wide Angle
yusuf_y|Yusuf Yilmaz
zuzu|Zuzu's Petals
aisle_seat|Aisle Seat
bobbin|Bobbin
cleo_5to7|Cleo (5 to 7)
drifter|drifter
ebb|Ebb
foley_fay|Foley Fay
grainy|Grainy 16mm
hermit|Hermit
intertitle|Intertitle
jumpcut_jo|Jo — jump cut
kinoeye|Kino Eye
lantern_lou|Lou of the Lantern
montage_max|Max Montage
nitrate|Nitrate
ozu_fan_4|pillow shot
pan_and_scan|Pan &amp; Scan
quill|Quill
rewinder|Be Kind
silent_sam|Sam (silent)
turnstile|Turnstile
understudy|Understudy
viola_v|Viola V
wipe_left|Wipe Left
xylo|Xylo
yellowbrick|Yellow Brick
newcomer|Newcomer
"""

# How many ratings somebody has, where the number is a case: page limits, nothing rated, nothing at all.
RATED = {
    "marla": 108, "Otto_Reels": 260, "noor": 190, "lukasz77": 150, "sora": 145, "gaffer": 144,
    "the_usher": 72, "ohara": 73, "projectionist": 96, "kip": 1, "silent_sam": 0, "newcomer": 0,
}  # fmt: skip
NO_LIKES = {"newcomer", "hal9", "umber", "drifter", "quill", "xylo"}
NO_FAVOURITES = {"newcomer", "kip", "ebb", "bestboy", "turnstile"}
BADGES = {"junebug": "Patron", "projectionist": "Crew", "PiaPopcorn": "Pro"}
LISTS = {"Otto_Reels": 1204, "junebug": 12}
GONE, PRIVATE = "wipe_left", "understudy"
NOT_OK: dict[str, State] = {GONE: "gone", PRIVATE: "private"}
MARLA_FOLLOWS = 35
# Whom marla may follow where a test needs no crowd: the odd ones, and those whose pages are full or many.
FEW = (
    GONE, PRIVATE, "hermit", "silent_sam", "newcomer", "kip", "otto_reels", "noor", "ebb", "the_usher",
    "junebug",
)  # fmt: skip
NO_DIARY = {"newcomer", "kip", "umber", "quill"}

# The day, the film's slug, and the stars given then.
Viewing = tuple[date, str, float | None]


def own_world(seed: int = 1, follows: Sequence[str] | None = None) -> World:
    """Return the small world of our own: sixty invented members and the films of ``films.tsv``.

    Marla follows 35 of them, or just those named by ``follows``; all else is the same.
    """
    films, members = _own_world(seed)
    members = [member.copy() for member in members]
    if follows is not None:
        members[0].following = list(follows)
    return World(films, members)


@cache
def _own_world(seed: int) -> tuple[list[Film], list[Member]]:
    rng = random.Random(seed)
    films = _own_films(rng)
    quality = {film.slug: rng.gauss(3.4, 0.55) for film in films}
    fame = {film.slug: rng.paretovariate(1.2) for film in films}
    tone = {film.slug: rng.uniform(-1, 1) for film in films}
    members = []
    for number, line in enumerate(PEOPLE.split("\n")[1:-1]):
        spelled, display_name = line.split("|")
        member = _person(number, spelled, display_name, rng)
        _watch_and_rate(member, RATED.get(spelled, rng.randint(12, 70)), fame, rng)
        bias, taste = rng.gauss(0, 0.35), rng.gauss(0, 0.6)
        for slug in member.ratings:
            member.ratings[slug] = _stars(quality[slug] + bias + taste * tone[slug] + rng.gauss(0, 0.5))
        _like_and_favour(member, [film.slug for film in films], rng)
        members.append(member)
    _follow_each_other(members, rng)
    for member in members:
        if member.name not in NO_DIARY:
            # By chances of its own: everything else is as it would be without diaries.
            _keep_diary(member, random.Random(f"{seed} {member.name}"))
    return films, members


def parquet_world(folder: str | Path, members: int = 60, seed: int = 0) -> World:
    """Return a world of that many members of ``ratings.parquet``; the first follows all the others.

    Ratings and films are the files'; likes, favourites and who follows whom are made up.
    """
    import pyarrow.compute
    import pyarrow.parquet

    rng = random.Random(seed)
    table = pyarrow.parquet.read_table(Path(folder) / "ratings.parquet")
    names = sorted(pyarrow.compute.unique(table["user"]).to_pylist())
    chosen = rng.sample(names, min(members, len(names)))
    films = _parquet_films(Path(folder) / "films.parquet", rng)
    slugs = [film.slug for film in films]
    slugs_of_films = set(slugs)
    people = {name: _stranger(number, name, rng) for number, name in enumerate(chosen)}
    chosen_rows = pyarrow.compute.is_in(table["user"], value_set=pyarrow.array(chosen, table["user"].type))
    for row in table.filter(chosen_rows).to_pylist():
        if row["slug"] in slugs_of_films:
            people[row["user"]].ratings[row["slug"]] = float(row["rating"])
    for member in people.values():
        _shuffle_ratings(member, rng)
        member.watched = {*member.ratings, *rng.sample(slugs, min(10, len(slugs)))}
        _like_and_favour(member, slugs, rng)
    first, *others = people.values()
    first.following = [other.name for other in others]
    for other in others:
        other.following = _some_of(others, other, rng.randint(0, 12), rng)
    return World(films, people.values())


def short_id(number: int, length: int = 4) -> str:
    """Return a code of that many letters, different for every number below ``62 ** length``."""
    scattered = number * 7919 % 62**length
    letters = []
    for _ in range(length):
        scattered, digit = divmod(scattered, 62)
        letters.append(BASE62[digit])
    return "".join(letters)


def _own_films(rng: random.Random) -> list[Film]:
    text = Path(__file__).with_name("films.tsv").read_text(encoding="utf-8")
    return _films((line.split("\t") for line in text.splitlines()[1:]), rng)


def _parquet_films(path: Path, rng: random.Random) -> list[Film]:
    import pyarrow.parquet

    rows = pyarrow.parquet.read_table(path, columns=["slug", "title", "year"]).to_pylist()
    return _films(((row["slug"], row["title"], row["year"]) for row in rows), rng)


def _films(rows: Iterable[Sequence[str | int | None]], rng: random.Random) -> list[Film]:
    """Give every (slug, title, year) an id and a short id of its own."""
    rows = list(rows)
    ids = rng.sample(range(10_000, 1_600_000), len(rows))
    films = [
        Film(id_, short_id(id_), str(slug), str(title), int(year) if year else None)
        for id_, (slug, title, year) in zip(ids, rows, strict=True)
    ]
    return list(_number_series(films))


def _number_series(films: Sequence[Film]) -> Iterator[Film]:
    """Give every other series the number at TMDB that the movie before it has: the two are numbered apart."""
    movie, turn = None, cycle([True, False])
    for film in films:
        link = where_at_tmdb(film)
        if link and link.kind == "movie":
            movie = link
        shares = movie is not None and oddity(film) == "series" and next(turn)
        yield replace(film, link=f"tv/{movie.id}") if movie and shares else film


def _person(number: int, shown: str, display_name: str, rng: random.Random) -> Member:
    member = _stranger(number, shown.lower(), rng)
    member.shown, member.display_name = shown, display_name
    member.badge = BADGES.get(shown, "")
    member.lists = LISTS.get(shown, rng.choice([0, 0, 1, 3, 7]))
    member.state = NOT_OK.get(shown, "ok")
    return member


def _stranger(number: int, name: str, rng: random.Random) -> Member:
    member = Member(name, name, name.replace("_", " ").capitalize(), short_id(number + 1, length=5))
    if rng.random() < 0.7:  # the others have the site's default picture
        digits = "/".join(str(rng.randint(100_000, 9_999_999)))
        member.picture = f"upload/{digits}/shard/avtr"
    member.lists = rng.choice([0, 0, 1, 2])
    return member


def _watch_and_rate(member: Member, ratings: int, fame: dict[str, float], rng: random.Random) -> None:
    """Let a member see famous films more often than others, and leave a few of them unrated."""
    by_luck = sorted(fame, key=lambda slug: rng.random() ** (1 / fame[slug]), reverse=True)
    unrated = rng.randint(0, 9) if member.name != "newcomer" else 0
    member.watched = set(by_luck[: ratings + unrated])
    seen = by_luck[: ratings + unrated]
    rng.shuffle(seen)
    member.ratings = dict.fromkeys(seen[:ratings], 0.0)


def _stars(opinion: float) -> float:
    return min(5.0, max(0.5, round(opinion * 2) / 2))


def _like_and_favour(member: Member, slugs: list[str], rng: random.Random) -> None:
    """Like half of what pleased and a few unrated films; favour the best, or films never rated."""
    pleased = [slug for slug, stars in member.ratings.items() if stars >= 4 and rng.random() < 0.5]
    unrated = [slug for slug in slugs if slug not in member.ratings]
    seen = [slug for slug in unrated if slug in member.watched]
    liked = [*pleased, *seen[:3], *rng.sample(unrated, min(2, len(unrated)))]
    rng.shuffle(liked)
    if member.shown not in NO_LIKES:
        member.likes = dict.fromkeys(liked)
    if member.shown not in NO_FAVOURITES:
        best = sorted(member.ratings, key=lambda slug: member.ratings[slug], reverse=True)[:3]
        stray = rng.sample(unrated, min(rng.randint(0, 2), len(unrated)))
        member.favourites = list(dict.fromkeys(stray + best))[: rng.randint(1, MAX_FAVOURITES)]


def _keep_diary(member: Member, rng: random.Random) -> None:
    """Log half of the rated films, in the order they were rated, and a few others.

    Some were logged twice, some rated anew without a word in the diary, some seen again and not rated then.
    """
    viewings: list[Viewing] = []
    days = sorted(date(2019, 1, 1) + timedelta(rng.randrange(2500)) for _ in member.ratings)
    for day, (slug, stars) in zip(days, member.ratings.items(), strict=True):
        other = rng.choice([level for level in STARS if level != stars])
        before, after = day - timedelta(rng.randint(1, 400)), day + timedelta(rng.randint(0, 90))
        kinds: dict[str, list[Viewing]] = {
            "not logged": [],
            "once": [(day, slug, stars)],
            "rated anew since": [(day, slug, other)],
            "twice": [(before, slug, rng.choice([stars, other])), (day, slug, stars)],
            "seen again": [(day, slug, stars), (after, slug, None)],
            "without stars": [(day, slug, None)],
        }
        viewings += rng.choices(list(kinds.values()), weights=[50, 35, 5, 5, 3, 2])[0]
    others = sorted({*member.watched, *member.likes} - member.ratings.keys())
    viewings += [(date(2022, 1, 1) + timedelta(rng.randrange(1000)), slug, None) for slug in others[:4]]
    viewings.sort(key=lambda viewing: viewing[0])
    number = 1000 * zlib.crc32(member.name.encode())
    logged: set[str] = set()
    for day, slug, half in viewings:
        number += rng.randint(1, 3)
        liked, review = slug in member.likes, rng.random() < 0.2
        member.diary.append(Entry(number, slug, day, half, liked, slug in logged, review))
        logged.add(slug)


def _shuffle_ratings(member: Member, rng: random.Random) -> None:
    """Put ratings read in the order of the file into an order in time."""
    rated = list(member.ratings.items())
    rng.shuffle(rated)
    member.ratings = dict(rated)


def _follow_each_other(members: list[Member], rng: random.Random) -> None:
    """Let marla follow 35 others, the gone and the private one among them, and the hermit nobody."""
    marla, *others = members
    must = [GONE, PRIVATE, "hermit", "silent_sam", "newcomer"]
    for member in others:
        if member.name != "hermit":
            member.following = _some_of(members, member, rng.randint(1, 20), rng)
    drawn = [name for name in _some_of(members, marla, len(others), rng) if name not in must]
    marla.following = [*must, *drawn[: MARLA_FOLLOWS - len(must)]]
    rng.shuffle(marla.following)


def _some_of(members: list[Member], member: Member, number: int, rng: random.Random) -> list[str]:
    others = [other.name for other in members if other is not member]
    return rng.sample(others, min(number, len(others)))
