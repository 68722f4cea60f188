"""In which order members are handed out, where other crawls read some of them: with scripted answers."""

import asyncio

from letterboxd_scraper.crawl.member_queue import MemberQueue, Start, Unavailable
from letterboxd_scraper.items.tasks import MemberStart


def handed_out(members: str, answers: dict[str, list[Unavailable]], at_once: int = 2) -> list[str]:
    """Return in which order members are handed out, where each is finished before the next but one."""

    async def take(name: str) -> Start | Unavailable:
        return answers[name].pop(0) if answers.get(name) else MemberStart(name)

    async def read_all() -> list[str]:
        hands = MemberQueue(members.split(), take, nothing, at_once, pause=0.01)
        order: list[str] = []
        async for start in hands:
            order.append(start.name)
            asyncio.get_running_loop().call_later(0.002, hands.end, start.name)
        return order

    return asyncio.run(asyncio.wait_for(read_all(), 5))


async def nothing() -> None:
    pass


def test_who_is_read_elsewhere_comes_last_and_who_has_been_read_not_at_all() -> None:
    held, done = Unavailable.HELD, Unavailable.DONE
    assert handed_out("a b c", {}) == ["a", "b", "c"]
    assert handed_out("a b c", {"a": [held]}) == ["b", "c", "a"]
    assert handed_out("a b c", {"a": [held] * 5, "b": [held]}) == ["c", "b", "a"]
    assert handed_out("a b c", {"a": [held, done], "b": [done]}) == ["c"]
    assert handed_out("a", {"a": [held] * 3}) == ["a"]
    assert handed_out("", {}) == []


def test_only_so_many_are_handed_out_at_once() -> None:
    async def take(name: str) -> Start:
        return MemberStart(name)

    async def read_all() -> list[str]:
        hands = MemberQueue("abcd", take, nothing, 2, pause=0.01)
        order = []
        iterator = aiter(hands)
        order += [(await anext(iterator)).name for _ in range(2)]
        third = asyncio.ensure_future(anext(iterator))
        await asyncio.sleep(0.05)
        assert not third.done()
        hands.end("a")
        return [*order, (await third).name]

    assert asyncio.run(read_all()) == ["a", "b", "c"]


def test_who_was_taken_over_is_asked_for_again() -> None:
    async def take(name: str) -> Start:
        return MemberStart(name)

    async def read_all() -> list[str]:
        hands = MemberQueue("ab", take, nothing, 1, pause=0.01)
        order = []
        async for start in hands:
            order.append(start.name)
            if len(order) == 1:
                hands.lose("a")  # seen when a page could not be stored, and again with the next
                hands.lose("a")
                assert hands.has_lost("a")
            hands.end(start.name)
            if order == ["a", "b"]:
                hands.lose("b")  # their last page was still to be stored
        return order

    assert asyncio.run(asyncio.wait_for(read_all(), 5)) == ["a", "b", "a", "b"]


def test_a_member_with_a_new_name_comes_next_and_once() -> None:
    new_names = {"ada": "lovelace", "ben": "cy"}

    async def take(name: str) -> Start:
        return MemberStart(name)

    async def read() -> list[str]:
        queue = MemberQueue(["ada", "ben", "cy"], take, nothing, at_once=1, pause=0.001)
        names = []
        async for start in queue:
            names.append(start.name)
            if start.name in new_names:
                queue.rename(start.name, new_names[start.name])
            else:
                queue.end(start.name)
        return names

    assert asyncio.run(asyncio.wait_for(read(), 5)) == ["ada", "lovelace", "ben", "cy"]
