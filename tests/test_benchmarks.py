"""The benchmarks in short: bounds that noise does not reach, and that a crawl which got slow does."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from benchmarks import large, large_circle, nights, ranking_speed, report_circle, report_size
from benchmarks.circles import NOW, invented
from benchmarks.crawl_speed import BARE, SQLITE, UNSTORED, cpu, speed, table
from benchmarks.crawls import Bench, Cost, bench
from tests import in_process
from tests.conftest import address
from tests.site import FEW, own_world

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small() -> Iterator[Bench]:
    with bench("--members", "6", "--ratings", "430", with_postgres=False) as small:
        yield small


@pytest.fixture(scope="module")
def costs(small: Bench) -> dict[str, list[Cost]]:
    """One crawl of each kind; the first finds out which pages there are."""
    return {UNSTORED: [small.unstored()], SQLITE: [small.stored("sqlite")], BARE: [small.bare()]}


def test_all_crawls_fetch_the_same_pages(costs: dict[str, list[Cost]]) -> None:
    # Of each member a profile, six pages of rated films and one of likes; for the seed, what is unrated too.
    assert [runs[0].pages for runs in costs.values()] == [6 * 8 + 1] * 3


def test_storing_does_not_dominate_a_crawl(costs: dict[str, list[Cost]]) -> None:
    assert speed(costs, SQLITE) > 0.2, table(costs)
    # So few pages carry much of what only the first one costs: a long crawl takes a third of this.
    assert cpu(costs, SQLITE) < 15, table(costs)


def test_reading_pages_does_not_dominate_a_crawl(costs: dict[str, list[Cost]]) -> None:
    assert cpu(costs, UNSTORED) < 6, table(costs)


def test_memory_stays_small(costs: dict[str, list[Cost]]) -> None:
    assert costs[SQLITE][0].memory < 320, "MB, with 16 requests at a time"


def test_the_site_is_not_what_is_measured(costs: dict[str, list[Cost]]) -> None:
    assert costs[BARE][0].site_load < 0.5, table(costs)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_ranking_costs_about_what_sql_by_hand_does(kind: str) -> None:
    site = invented(films=2_000)
    few = ranking_speed.Cost()
    with ranking_speed.circle(kind, site, 2_000) as circle:
        circle.run(ranking_speed.OURS, few)
    with ranking_speed.circle(kind, site, 40_000) as circle:
        ours, by_hand = circle.compare(repeat=1)  # which also finds out whether they agree
    # Most of it is the start of Python.
    assert ours.cpu[0] < 3 * by_hand.cpu[0], ranking_speed.line(kind, 40_000, ours, by_hand)
    assert ours.memory[0] < few.memory[0] + 15, "MB, twenty times the ratings"


def crawl_here(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    ended = in_process.run([sys.executable, "-m", *command], folder, environment)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("mode", "most", "metered"), [("robots obeyed, silent too", 5.5, True), ("not obeyed", 4.5, False)]
)
def test_a_night_costs_a_handful_of_requests(mode: str, most: float, metered: bool) -> None:
    """Everybody changes; each night is held against the truth, and so is a full crawl at the end."""
    world = own_world(follows=FEW[-6:])
    members = len(world.circle(world.seed))
    simulated = nights.simulate(world, mode, 1, nights=2 - metered, crawl=crawl_here, metered=metered)
    assert max(simulated.requests) / members < most
    assert simulated.peak < 200, "MB"


def test_the_commands_that_read_a_whole_circle_are_measured(tmp_path: Path) -> None:
    def run_here(command: Sequence[str], url: str) -> large.Spent:
        module, *arguments = command
        ours = "ranking" if module == "benchmarks.closed_forms" else module
        crawl_here([ours, *arguments], tmp_path, {"DATABASE_URL": url, "LETTERBOXD_NOW": NOW.isoformat()})
        return 1.0, 0.5, 80

    with large.database("sqlite", 4_000) as url:
        costs = large.measure(url, 1, run_here)
    assert len(list(large.lines("sqlite", 4_000, costs))) == len(large.commands(tmp_path)) == 9


def test_the_report_of_a_large_circle_is_measured_and_so_is_the_server(tmp_path: Path) -> None:
    def run_here(command: Sequence[str], url: str) -> large.Spent:
        crawl_here(command, tmp_path, {"DATABASE_URL": url, "LETTERBOXD_NOW": NOW.isoformat()})
        return 1.0, 0.5, 80

    with report_size.circle(report_circle.invented(members=30, count=100, rated_by_each=30)) as engine:
        url, file = address(engine), tmp_path / "report.html"
        spent = large_circle.made(url, file, run_here)
        answers = large_circle.served(url, repeat=2)
    assert len(large_circle.lines(spent, file, answers)) == 2 + len(large_circle.PATHS)
    assert 50 < answers.memory < 300, "MB"
