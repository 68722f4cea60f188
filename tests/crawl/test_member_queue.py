"""Which member is read next: so many at once, and those whom another crawl reads come last."""

import asyncio
import logging
from collections.abc import Callable, Iterable

import pytest

from letterboxd_scraper.crawl.member_queue import MemberQueue, Refusal, Start
from letterboxd_scraper.items.tasks import MemberStart


class Crawl:
    """A crawl that reads the members of a queue, and what it is answered when it asks for one."""

    def __init__(self, members: Iterable[str], at_once: int = 1) -> None:
        self.queue = MemberQueue(members, self.take, self.give_back, at_once, pause=0.001)
        self.answers: dict[str, list[Refusal]] = {}  # the first answers, by member
        self.asked: list[str] = []
        self.read: list[str] = []
        self.under_way: list[str] = []
        self.given_back = 0

    async def take(self, name: str) -> Start | Refusal:
        self.asked.append(name)
        answers = self.answers.get(name)
        return answers.pop(0) if answers else MemberStart(name)

    async def give_back(self) -> None:
        self.given_back += 1

    def run(self, begun: Callable[[str], None]) -> None:
        """Read all members; ``begun`` is called with the name of each that the queue hands out."""

        async def read() -> None:
            async for start in self.queue:
                self.read.append(start.name)
                begun(start.name)

        asyncio.run(asyncio.wait_for(read(), 5))

    def run_one_by_one(self) -> None:
        self.run(self.queue.end)


def test_members_are_handed_out_in_their_order() -> None:
    crawl = Crawl(["ada", "bo", "cy"])
    crawl.run_one_by_one()
    assert crawl.read == crawl.asked == ["ada", "bo", "cy"]
    assert crawl.given_back == 0


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_so_many_are_under_way_at_once(at_once: int) -> None:
    crawl = Crawl("abcdef", at_once)
    most: list[int] = []

    def begun(name: str) -> None:
        crawl.under_way.append(name)
        most.append(len(crawl.under_way))
        asyncio.get_running_loop().call_soon(asyncio.get_running_loop().call_soon, end)

    def end() -> None:
        crawl.queue.end(crawl.under_way.pop(0))

    crawl.run(begun)
    assert crawl.read == list("abcdef")
    assert max(most) == at_once


def test_whom_another_crawl_has_read_is_left_out() -> None:
    crawl = Crawl(["ada", "bo"])
    crawl.answers = {"ada": [Refusal.DONE]}
    crawl.run_one_by_one()
    assert crawl.read == ["bo"]
    assert crawl.asked == ["ada", "bo"]


def test_whom_another_crawl_reads_comes_last_and_is_asked_for_until_free(
    caplog: pytest.LogCaptureFixture,
) -> None:
    crawl = Crawl(["ada", "bo", "cy"])
    crawl.answers = {"ada": [Refusal.HELD] * 3, "bo": [Refusal.HELD, Refusal.DONE]}
    with caplog.at_level(logging.WARNING):
        crawl.run_one_by_one()
    assert crawl.read == ["cy", "ada"]
    assert crawl.asked == ["ada", "bo", "cy", "ada", "bo", "ada", "ada"]
    assert [record.getMessage() for record in caplog.records] == [
        "Waiting until another crawl has read ada, bo"  # said once
    ]
    # Nobody was read meanwhile: two crawls that wait for each other would do so for ever.
    assert crawl.given_back == 3


def test_while_somebody_is_read_nothing_is_given_back_and_nobody_is_said_to_wait(
    caplog: pytest.LogCaptureFixture,
) -> None:
    crawl = Crawl(["ada", "bo"], at_once=2)
    crawl.answers = {"ada": [Refusal.HELD] * 3}

    def begun(name: str) -> None:
        if name == "ada":
            crawl.queue.end("ada")
            crawl.queue.end("bo")

    crawl.run(begun)
    assert crawl.read == ["bo", "ada"]
    assert crawl.given_back == 0
    assert caplog.records == []


def test_who_is_lost_to_another_crawl_is_left_alone_and_comes_later(caplog: pytest.LogCaptureFixture) -> None:
    crawl = Crawl(["ada", "bo"])

    def begun(name: str) -> None:
        if crawl.read == ["ada"]:
            crawl.queue.lose("ada")
            assert crawl.queue.has_lost("ada")
            assert not crawl.queue.has_lost("bo")
        crawl.queue.end(name)
        assert not crawl.queue.has_lost(name)

    with caplog.at_level(logging.INFO):
        crawl.run(begun)
    assert crawl.read == ["ada", "bo", "ada"]
    assert caplog.records[0].getMessage() == "ada is read by another crawl now: they come later here"


def test_who_is_lost_after_their_end_comes_again_once() -> None:
    crawl = Crawl(["ada", "bo"])

    def begun(name: str) -> None:
        if crawl.read == ["ada", "bo"]:
            crawl.queue.lose("ada")  # an item of theirs was stored late
            crawl.queue.lose("ada")
            assert not crawl.queue.has_lost("ada")
        crawl.queue.end(name)

    crawl.run(begun)
    assert crawl.read == ["ada", "bo", "ada"]


def test_who_waits_still_is_not_lost() -> None:
    crawl = Crawl(["ada", "bo"])

    def begun(name: str) -> None:
        if name == "ada":
            crawl.queue.lose("bo")
        crawl.queue.end(name)

    crawl.run(begun)
    assert crawl.read == ["ada", "bo"]


def test_without_members_nothing_is_asked() -> None:
    crawl = Crawl([])
    crawl.run_one_by_one()
    assert (crawl.asked, crawl.read) == ([], [])
