"""The queue of members: what it does while others read them."""

import asyncio
import logging

import pytest

from letterboxd_scraper.crawl.member_queue import MemberQueue, Start, Unavailable
from letterboxd_scraper.items.tasks import MemberStart


def read_all(queue: MemberQueue) -> list[str]:
    """Return whom a queue hands out, where each is finished at once."""

    async def read() -> list[str]:
        names = []
        async for start in queue:
            names.append(start.name)
            queue.end(start.name)
        return names

    return asyncio.run(asyncio.wait_for(read(), 5))


def test_a_crawl_that_waits_gives_back_its_leases_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    answers = [Unavailable.HELD] * 3
    given_back = []

    async def take(name: str) -> Start | Unavailable:
        return answers.pop() if answers else MemberStart(name)

    async def give_back() -> None:
        given_back.append(len(answers))

    with caplog.at_level(logging.WARNING):
        assert read_all(MemberQueue(["ada"], take, give_back, at_once=1, pause=0.001)) == ["ada"]
    assert given_back == [2, 1, 0]
    assert [record.getMessage() for record in caplog.records] == ["Waiting until another crawl has read ada"]


def test_nothing_is_given_back_while_somebody_is_read() -> None:
    given_back = []

    async def take(name: str) -> Start | Unavailable:
        return Unavailable.DONE if name == "ben" else MemberStart(name)

    async def give_back() -> None:
        given_back.append(1)

    assert read_all(MemberQueue(["ada", "ben", "cy"], take, give_back, at_once=2, pause=0.001)) == [
        "ada",
        "cy",
    ]
    assert not given_back


def test_a_member_who_was_lost_is_left_alone_until_they_are_free() -> None:
    async def take(name: str) -> Start:
        return MemberStart(name)

    async def give_back() -> None:
        pass

    async def read() -> list[str]:
        queue = MemberQueue(["ada"], take, give_back, at_once=1, pause=0.001)
        names = []
        async for start in queue:
            names.append(start.name)
            assert not queue.has_lost("ada")
            if len(names) == 1:
                queue.lose("ada")
                assert queue.has_lost("ada")
            queue.end("ada")
        return names

    assert asyncio.run(asyncio.wait_for(read(), 5)) == ["ada", "ada"]
