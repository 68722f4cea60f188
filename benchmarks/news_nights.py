"""Is all that is new told, and nothing else? ``python -m benchmarks.news_nights [--kind postgresql]``.

Seven nights of which the script says what is news; each is crawled, ranked, and asked for its news. Then a
week in which nothing happens. How ranks moved is held against the ranks themselves, read every night.
"""

import argparse
import tempfile
from collections.abc import Callable, Collection, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks.nights import Crawl, Nights, as_process, database
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.schema import film_rankings, films, users, watchlist
from ranking.compute import compute_lists
from ranking.news.model import News, NewsFilm
from ranking.news.read import read, read_days
from ranking.news.reader import reader
from ranking.news.telling import Telling
from tests.site import FEW, Site, World, own_world

OTTO, NOOR, USHER = "otto_reels", "noor", "the_usher"
# Who is followed from the fifth night on, and who no longer from the sixth.
PIA, JUNE = "piapopcorn", "junebug"
SEED = "marla"
_DAY = timedelta(days=1)

# Rank and score by slug.
_Ranked = dict[str, tuple[int, float]]
# Who newly loves which film, by slug.
Loved = dict[str, set[str]]


@dataclass
class Truth:
    """What is news of a night, or of a week; ``first`` are films on the seed's watchlist, first rated."""

    loved: Loved = field(default_factory=dict)
    first: set[str] = field(default_factory=set)
    joined: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)


class Script:
    """What happens on seven days; the films are chosen by what nobody has done with them yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._taken: set[str] = set()
        everybody = (OTTO, NOOR, USHER, PIA, JUNE)
        self.both, self.early, self.late, self.apart, self.dated = (
            self._film(unseen=everybody) for _ in range(5)
        )
        self.joining = self._film(unseen=(OTTO, NOOR, USHER), loved_by=(PIA,))
        self.again = self._film(unseen=(OTTO,), lukewarm=(NOOR, USHER))
        self.heart = self._film(lukewarm=(OTTO, USHER))
        self.favourite = self._film(lukewarm=(NOOR, OTTO))
        self.returning = self._film(loved_by=(NOOR,), unseen=(OTTO,))
        self.junk = [self._film(unseen=everybody) for _ in range(4)]
        circle = tuple(world.circle(SEED))
        self.wanted, self.never = (self._film(unseen=(*circle, PIA)) for _ in range(2))
        self.known = self._film(loved_by=(NOOR,), unseen=(USHER, SEED))
        self.of_pia = self._film(unseen=(*circle, PIA))
        world.rate(PIA, self.of_pia, 4.5)

    @property
    def watchlist(self) -> tuple[str, ...]:
        return self.wanted, self.never, self.known, self.of_pia

    def nights(self) -> list[tuple[Callable[[datetime], None], Truth]]:
        """Return what happens on each day, and what is news of it."""
        return [
            (self._both_love_it, Truth({self.both: {OTTO, NOOR}})),
            (self._rated_anew, Truth({self.again: {NOOR, USHER}})),
            (self._hearts, Truth({self.heart: {OTTO, USHER}}, first={self.wanted})),
            (self._dated_and_favourites, Truth({self.favourite: {NOOR, OTTO}})),
            (self._somebody_joins, Truth(joined={PIA})),
            (self._somebody_leaves, Truth(left={JUNE})),
            (self._back_again, Truth({self.late: {PIA, OTTO}})),
        ]

    def week(self) -> Truth:
        """Return what is news of all of them together."""
        loved = {
            self.both: {OTTO, NOOR},
            self.again: {NOOR, USHER},
            self.heart: {OTTO, USHER},
            self.favourite: {NOOR, OTTO},
            self.late: {PIA, OTTO},
            self.early: {OTTO, NOOR},
        }
        return Truth(loved, {self.wanted}, {PIA}, {JUNE})

    def _both_love_it(self, day: datetime) -> None:
        self.world.rate(OTTO, self.both, 4.5)
        self.world.log(NOOR, self.both, f"{day:%Y-%m-%d}", 4.0)
        self.world.rate(USHER, self.both, 3.5)
        self.world.rate(OTTO, self.early, 5.0)  # he alone, for now

    def _rated_anew(self, day: datetime) -> None:
        for name in (NOOR, USHER):
            self.world.rate(name, self.again, 4.5)
            # Counts that stand still are not looked at before the audit.
            self.world.rate(name, self.junk[0], 1.0)
        self.world.rate(OTTO, self.joining, 5.0)

    def _hearts(self, day: datetime) -> None:
        for name in (OTTO, USHER):
            self.world.like(name, self.heart)
        self.world.rate(USHER, self.wanted, 3.0)

    def _dated_and_favourites(self, day: datetime) -> None:
        self.world.log(USHER, self.dated, f"{day:%Y-%m-%d}", 4.0)
        self.world.log(NOOR, self.dated, "2019-05-04", 5.0)  # seen long ago, entered today
        for name in (NOOR, OTTO):
            self.world.favourite(name, [self.favourite])
            self.world.rate(name, self.junk[1], 2.0)
        self.world.rate(USHER, self.known, 4.0)

    def _somebody_joins(self, day: datetime) -> None:
        self.world.follow(SEED, PIA)

    def _somebody_leaves(self, day: datetime) -> None:
        self.world.unfollow(SEED, JUNE)
        self.world.rate(OTTO, self.both, 2.0)
        self.world.rate(OTTO, self.junk[2], 2.0)
        self.world.unwatch(NOOR, self.returning)
        self.world.rate(NOOR, self.early, 4.5)  # with Otto's of the first night that makes two

    def _back_again(self, day: datetime) -> None:
        self.world.rate(OTTO, self.both, 5.0)  # again: one alone, and of the week nothing new
        self.world.rate(OTTO, self.late, 4.0)
        self.world.log(PIA, self.late, f"{day:%Y-%m-%d}", 5.0)
        self.world.rate(NOOR, self.returning, 5.0)
        self.world.rate(USHER, self.apart, 5.0)

    def _film(
        self, unseen: Collection[str] = (), lukewarm: Collection[str] = (), loved_by: Collection[str] = ()
    ) -> str:
        """Return a film that these have not seen, that those find so-so, and that others love."""

        def marked(name: str, film: str) -> bool:
            member = self.world.member(name)
            return film in member.likes or film in member.favourites

        def fits(film: str) -> bool:
            rated = {name: self.world.member(name).ratings.get(film) for name in (*lukewarm, *loved_by)}
            return (
                not any(film in self.world.member(name).watched or marked(name, film) for name in unseen)
                and all((rated[name] or 5) < 4 and not marked(name, film) for name in lukewarm)
                and all((rated[name] or 0) >= 4 for name in loved_by)
            )

        film = next(film for film in self.world.films if film not in self._taken and fits(film))
        self._taken.add(film)
        return film


@dataclass
class Told:
    """How much of what is true was told, and how much of what was told is true."""

    right: int = 0
    told: int = 0
    true: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, night: str, kind: str, told: Set[object], true: Set[object]) -> None:
        self.right += len(told & true)
        self.told += len(told)
        self.true += len(true)
        if told != true:
            self.wrong.append(
                f"{night}, {kind}: told {sorted(map(str, told))}, true {sorted(map(str, true))}"
            )

    @property
    def precision(self) -> float:
        return self.right / self.told

    @property
    def recall(self) -> float:
        return self.right / self.true

    def __str__(self) -> str:
        numbers = f"{self.true} facts, precision {self.precision:.3f}, recall {self.recall:.3f}"
        return "\n".join([numbers, *self.wrong])


@dataclass
class _Newsroom:
    """Asks for the news of one night after the other, and holds them against the script."""

    nights: Nights
    told: Told = field(default_factory=Told)
    ranks: dict[str, _Ranked] = field(default_factory=dict)

    @property
    def asked_at(self) -> datetime:
        return self.nights.now + timedelta(minutes=30)

    def rank(self) -> None:
        engine, at = self.nights.engine, self.nights.now + timedelta(minutes=20)
        with engine.connect() as connection:
            cohort = cohorts.find(connection, "circle")
        compute_lists(engine, cohort, at)
        f, r = films.c, film_rankings.c
        query = (
            sa.select(f.slug, r.rank, r.score)
            .join(film_rankings, r.film_id == f.id)
            .where(r.strategy == "circle")
        )
        with engine.connect() as connection:
            self.ranks[f"{at:%Y-%m-%d}"] = {
                slug: (rank, score) for slug, rank, score in connection.execute(query)
            }

    def news(self, days: int, *, for_seed: bool = True) -> News:
        with self.nights.engine.connect() as connection:
            cohort = cohorts.find(connection, "circle")
            named = naming.of_cohort(connection, cohort, names=True)
            seed = reader(connection, cohort, SEED, self.asked_at) if for_seed else None
            telling = Telling(connection, cohort, self.nights.site.url, named, names=True, reader=seed)
            return read(telling, self.asked_at - days * _DAY, self.asked_at)

    def check(self, name: str, truth: Truth, days: int = 1) -> None:
        news = self.news(days)
        self._check(name, truth, news, self.asked_at - days * _DAY, self.asked_at)
        self.told.add(name, "first", _slugs(news.first_rated or []), set(truth.first))

    def check_days(self, truths: list[Truth]) -> None:
        """Hold the feed's days against the script: each is what was news on its night."""
        with self.nights.engine.connect() as connection:
            cohort = cohorts.find(connection, "circle")
            named = naming.of_cohort(connection, cohort, names=True)
            since = self.asked_at - len(truths) * _DAY - timedelta(minutes=15)
            days = read_days(Telling(connection, cohort, "", named, names=True), since)
        for truth, news in zip(truths, reversed(days), strict=True):
            self._check(f"feed of {news.at:%d %B}", truth, news, news.compared_with, news.at)

    def _check(self, name: str, truth: Truth, news: News, then: datetime, now: datetime) -> None:
        members = self.nights.site.world.members.values()
        names = {member.display_name: member.name for member in members}
        lovers = {(film.slug, names[member]) for film in news.loved for member in film.members or ()}
        self.told.add(name, "loved", lovers, {(film, m) for film, who in truth.loved.items() for m in who})
        self.told.add(
            name, "joined", {names[member] for member in news.joined_members or ()}, set(truth.joined)
        )
        self.told.add(name, "left", {names[member] for member in news.left_members or ()}, set(truth.left))
        before, after = (self.ranks[f"{day:%Y-%m-%d}"] for day in (then, now))
        self.told.add(name, "risen", _slugs(news.risen), _nearer(before, after))
        self.told.add(name, "fallen", _slugs(news.fallen), _nearer(after, before))


def _slugs(told: Collection[NewsFilm]) -> set[object]:
    return {film.slug for film in told}


def _nearer(before: _Ranked, after: _Ranked) -> set[object]:
    """Return which of the first hundred came a third nearer to the top, and a hundredth higher."""
    nearer: set[object] = set()
    for film, (rank, score) in after.items():
        rank_before, score_before = before.get(film, (1001, -9.0))
        if rank <= 100 and 3 * rank <= 2 * rank_before and round(score, 3) - round(score_before, 3) >= 0.01:
            nearer.add(film)
    return nearer


def play(engine: sa.Engine, folder: Path, crawl: Crawl = as_process) -> Told:
    """Crawl seven nights and a quiet week, and hold all news against the script."""
    with Site(own_world(follows=FEW)) as site:
        script = Script(site.world)
        room = _Newsroom(Nights(site, engine, folder, True, 0.0, crawl, metered=False))
        nights = room.nights
        nights.begin()
        _want(engine, script.watchlist, nights.now)
        room.rank()
        truths = []
        for number, (live, truth) in enumerate(script.nights(), start=1):
            nights.refresh(live)
            if PIA in truth.joined:  # of whom only a full crawl reads everything
                nights.repair()
            if script.favourite in truth.loved:  # that night's diary has an entry of long ago
                nights.run("rss", "cohort=circle")
            room.rank()
            room.check(f"night {number}", truth)
            truths.append(truth)
        room.check("the week", script.week(), days=7)
        room.check_days(truths)
        for _ in range(7):
            nights.now += _DAY
            room.rank()
        room.check("a quiet week", Truth(), days=7)
        assert room.news(7).is_empty
        room.check("both weeks", script.week(), days=14)
        room.check_days([*truths, *[Truth()] * 7])
        return room.told


def _want(engine: sa.Engine, slugs: Collection[str], at: datetime) -> None:
    """Put films on the seed's watchlist, which no crawl reads; those that nobody has rated come with it."""
    with engine.begin() as connection:
        user = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == SEED))
        for slug in slugs:
            film = connection.scalar(sa.select(films.c.id).where(films.c.slug == slug))
            if film is None:
                film = connection.execute(
                    films.insert().values(slug=slug, title=slug).returning(films.c.id)
                ).scalar_one()
            connection.execute(watchlist.insert().values(user_id=user, film_id=film, as_of=at))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.news_nights", description=__doc__)
    parser.add_argument("--kind", choices=("sqlite", "postgresql"), default="sqlite", help="the database")
    kind = parser.parse_args().kind
    with tempfile.TemporaryDirectory(prefix="nights") as folder, database(kind, Path(folder)) as engine:
        print(play(engine, Path(folder)))


if __name__ == "__main__":
    main()
