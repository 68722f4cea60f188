"""Who belongs to a cohort, as the pages of who follows whom come in."""

import heapq
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letterboxd_scraper.arguments import Definition
from letterboxd_scraper.crawl.follow_walk import FollowWalk
from letterboxd_scraper.items.members import Person

Graph = dict[str, list[str]]

#       seed → ada, bo;  ada → cy, seed;  bo → cy, dot;  cy → eli;  dot → nobody;  eli → fay
GRAPH: Graph = {
    "seed": ["ada", "bo"],
    "ada": ["cy", "seed"],
    "bo": ["cy", "dot"],
    "cy": ["eli"],
    "eli": ["fay"],
}


def people(*names: str) -> tuple[Person, ...]:
    return tuple(map(Person, names))


def walk(graph: Graph, definition: Definition, per_page: int = 2) -> tuple[FollowWalk, list[str]]:
    """Read listings page by page, the nearest member's first; return the walk and whose were begun."""
    reached, asked, order = FollowWalk("seed", definition), list[str](), count()
    queue: list[tuple[int, int, str, int]] = []

    def depth_of(name: str) -> int:
        return dict(reached.members()).get(name, 0)

    def begin(members: list[str]) -> None:
        for name in members:
            asked.append(name)
            heapq.heappush(queue, (depth_of(name), next(order), name, 0))

    begin(reached.to_expand())
    while queue:
        _, _, name, start = heapq.heappop(queue)
        listing = graph.get(name, [])
        following = reached.add(name, people(*listing[start : start + per_page]))
        if start + per_page < len(listing) and not reached.full:
            heapq.heappush(queue, (depth_of(name), next(order), name, start + per_page))
        begin(following)
    return reached, asked


WALKS: dict[str, tuple[dict[str, Any], list[tuple[str, int]], list[str]]] = {
    "one step": ({}, [("seed", 0), ("ada", 1), ("bo", 1)], ["seed"]),
    "without the seed": ({"include_self": False}, [("ada", 1), ("bo", 1)], ["seed"]),
    "two steps": (
        {"depth": 2},
        [("seed", 0), ("ada", 1), ("bo", 1), ("cy", 2), ("dot", 2)],
        ["seed", "ada", "bo"],
    ),
    "three steps": (
        {"depth": 3, "include_self": False},
        [("ada", 1), ("bo", 1), ("cy", 2), ("dot", 2), ("eli", 3)],
        ["seed", "ada", "bo", "cy", "dot"],
    ),
    "one member": ({"max_members": 1}, [("seed", 0)], []),
    "one member besides the seed": (
        {"max_members": 1, "include_self": False},
        [("ada", 1)],
        ["seed"],
    ),
    "four members": (
        {"depth": 3, "max_members": 4},
        [("seed", 0), ("ada", 1), ("bo", 1), ("cy", 2)],
        ["seed", "ada", "bo"],
    ),
    "more than there are": ({"max_members": 9}, [("seed", 0), ("ada", 1), ("bo", 1)], ["seed"]),
    "without bo, nor whom bo alone leads to": (
        {"depth": 2, "exclude": ("bo",)},
        [("seed", 0), ("ada", 1), ("cy", 2)],
        ["seed", "ada"],
    ),
}


@pytest.mark.parametrize(("chosen", "members", "asked"), WALKS.values(), ids=WALKS)
def test_a_circle_is_walked_breadth_first_and_each_listing_asked_for_once(
    chosen: dict[str, Any], members: list[tuple[str, int]], asked: list[str]
) -> None:
    reached, begun = walk(GRAPH, Definition(**chosen))
    assert reached.members() == members
    assert begun == asked


FILMS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no filter": ({}, ["none", "few", "some", "many", "unknown"]),
    "at least": ({"min_films": 10}, ["some", "many", "unknown"]),
    "at most": ({"max_films": 10}, ["none", "few", "some", "unknown"]),
    "between": ({"min_films": 10, "max_films": 10}, ["some", "unknown"]),
    "none at all": ({"max_films": 0}, ["none", "unknown"]),
    "exclude": ({"exclude": ("some", "unknown")}, ["none", "few", "many"]),
}


@pytest.mark.parametrize(("chosen", "expected"), FILMS.values(), ids=FILMS)
def test_filters_keep_out_who_is_known_not_to_fit(chosen: dict[str, Any], expected: list[str]) -> None:
    rows = (
        Person("none", films=0),
        Person("few", films=9),
        Person("some", films=10),
        Person("many", films=11),
        Person("unknown", films=None),
    )
    reached = FollowWalk("seed", Definition(include_self=False, depth=2, **chosen))
    reached.to_expand()
    assert reached.add("seed", rows) == expected
    assert [name for name, _ in reached.members()] == expected
    assert [person.member for person in reached.cohort_members_among(rows)] == expected


def test_nothing_is_wanted_of_whom_the_limit_leaves_out() -> None:
    reached = FollowWalk("seed", Definition(max_members=2))
    reached.to_expand()
    reached.add("seed", people("ada", "bo"))
    assert reached.full
    assert reached.cohort_members_among(people("bo", "ada", "zed")) == people("ada")


def test_the_smaller_depth_wins_though_it_comes_later() -> None:
    reached = FollowWalk("seed", Definition(depth=2))
    assert reached.to_expand() == ["seed"]
    assert reached.add("seed", people("ada")) == ["ada"]
    assert reached.add("ada", people("bo")) == []
    assert reached.members() == [("seed", 0), ("ada", 1), ("bo", 2)]
    assert reached.add("seed", people("bo")) == ["bo"]
    assert reached.members() == [("seed", 0), ("ada", 1), ("bo", 1)]


def test_whoever_comes_nearer_brings_those_nearer_whom_they_led_to() -> None:
    reached = FollowWalk("seed", Definition(depth=3))
    reached.to_expand()
    reached.add("seed", people("ada"))
    reached.add("ada", people("bo"))
    assert reached.add("bo", people("cy")) == []
    assert reached.add("seed", people("bo")) == ["cy"]
    assert dict(reached.members()) == {"seed": 0, "ada": 1, "bo": 1, "cy": 2}


def test_a_larger_depth_changes_nothing() -> None:
    reached = FollowWalk("seed", Definition(depth=2))
    reached.to_expand()
    reached.add("seed", people("ada", "bo"))
    assert reached.add("ada", people("bo", "seed")) == []
    assert reached.members() == [("seed", 0), ("ada", 1), ("bo", 1)]


def test_a_full_cohort_asks_for_nothing_more() -> None:
    reached = FollowWalk("seed", Definition(depth=2, max_members=2))
    reached.to_expand()
    assert not reached.full
    assert reached.add("seed", people("ada")) == []
    assert reached.full
    assert reached.to_expand() == []


def test_a_cohort_without_a_limit_is_never_full() -> None:
    reached = FollowWalk("seed", Definition())
    reached.to_expand()
    reached.add("seed", people(*(f"member_{number}" for number in range(500))))
    assert not reached.full
    assert len(reached.members()) == 501


NAMES = ["seed", *"abcdefg"]
graphs = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), unique=True, max_size=5), max_size=len(NAMES)
)


def distances(graph: Graph, depth: int, exclude: tuple[str, ...]) -> dict[str, int]:
    steps_to = {"seed": 0}
    for step in range(1, depth + 1):
        nearer = [name for name, steps in steps_to.items() if steps == step - 1]
        for name in nearer:
            for other in graph.get(name, []):
                if other not in exclude:
                    steps_to.setdefault(other, step)
    return steps_to


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    graphs,
    st.integers(1, 4),
    st.lists(st.sampled_from(NAMES[1:]), unique=True, max_size=2),
    st.integers(1, 3),
)
def test_members_are_those_within_reach_at_their_distance(
    graph: Graph, depth: int, exclude: list[str], per_page: int
) -> None:
    definition = Definition(depth=depth, exclude=tuple(exclude))
    reached, asked = walk(graph, definition, per_page)
    expected = distances(graph, depth, definition.exclude)
    assert dict(reached.members()) == expected
    assert [steps for _, steps in reached.members()] == sorted(expected.values())
    assert sorted(asked) == sorted(name for name, steps in expected.items() if steps < depth)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(graphs, st.integers(1, 4), st.integers(1, 9), st.booleans(), st.integers(1, 3))
def test_a_limit_cuts_off_the_farthest(
    graph: Graph, depth: int, limit: int, include_self: bool, per_page: int
) -> None:
    chosen = Definition(depth=depth, include_self=include_self)
    everybody, _ = walk(graph, chosen, per_page)
    reached, _ = walk(graph, chosen.model_copy(update={"max_members": limit}), per_page)
    assert reached.members() == everybody.members()[:limit]


def test_who_asked_to_be_forgotten_is_not_reached_and_leads_to_nobody() -> None:
    reached = FollowWalk("seed", Definition(depth=2), opted_out={"bo"})
    reached.to_expand()
    assert reached.add("seed", people("ada", "bo")) == ["ada"]
    assert reached.members() == [("seed", 0), ("ada", 1)]
    assert reached.cohort_members_among(people("bo")) == ()
