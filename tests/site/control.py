"""The side door under ``/_site/``: tests in other processes read the truth here and change it."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, cast

from .faults import Faults
from .hits import HitLog
from .pages import Answer
from .rules import read_rules
from .world import BadChange, World

PREFIX = "/_site/"
JSON = "application/json"

CHANGES = (
    "rate", "unrate", "like", "unlike", "watch", "unwatch", "favourite", "log", "follow", "unfollow",
    "add_member", "set_state", "rename_member", "rename_film", "merge_film",
    "remove_film", "link_film",
)  # fmt: skip

Query = Mapping[str, str]


@dataclass(frozen=True)
class Backstage:
    """What the doors lead to."""

    world: World
    log: HitLog
    faults: Faults


def control(behind: Backstage, method: str, path: str, query: Query, body: bytes) -> Answer:
    """Return the JSON asked for; 400 with a one-line message on bad input, 404 for an unknown door."""
    door = DOORS.get((method, path.removeprefix(PREFIX)))
    if door is None:
        return _error(404, f"nothing answers {method} {path}")
    try:
        return Answer(200, json.dumps(door(behind, query, body), ensure_ascii=False), JSON)
    except ValueError as error:  # BadChange, malformed JSON and malformed numbers alike
        return _error(400, str(error).splitlines()[0])


def _read_log(behind: Backstage, query: Query, body: bytes) -> object:
    return [asdict(hit) for hit in behind.log.hits()]


def _clear_log(behind: Backstage, query: Query, body: bytes) -> object:
    behind.log.clear()
    return {"ok": True}


def _truth(behind: Backstage, query: Query, body: bytes) -> object:
    names = query["members"].split(",") if query.get("members") else None
    return sorted(behind.world.truth(names), key=lambda row: row[:2])


def _circle(behind: Backstage, query: Query, body: bytes) -> object:
    via = cast(Literal["following", "followers"], query.get("via", "following"))
    seed = query.get("seed", behind.world.seed)
    return behind.world.circle(seed, int(query.get("depth", 1)), query.get("include_self", "1") != "0", via)


def _change(behind: Backstage, query: Query, body: bytes) -> object:
    """Call the method of the world that ``do`` names, with the other keys as its arguments."""
    change = json.loads(body)
    if not isinstance(change, dict) or change.get("do") not in CHANGES:
        raise BadChange(f'expected {{"do": ...}} with one of: {", ".join(CHANGES)}')
    method = getattr(behind.world, change.pop("do"))
    try:
        arguments = inspect.signature(method).bind(**change)
    except TypeError as error:
        raise BadChange(str(error)) from None
    method(*arguments.args, **arguments.kwargs)
    return {"ok": True}


def _read_faults(behind: Backstage, query: Query, body: bytes) -> object:
    return behind.faults.plan()


def _set_faults(behind: Backstage, query: Query, body: bytes) -> object:
    """Replace the plan by the JSON list in the body; a list with a bad rule changes nothing."""
    behind.faults.replace(read_rules(body), int(query["seed"]) if "seed" in query else None)
    return {"ok": True}


def _clear_faults(behind: Backstage, query: Query, body: bytes) -> object:
    behind.faults.clear()
    return {"ok": True}


def _error(status: int, text: str) -> Answer:
    return Answer(status, json.dumps({"error": text}, ensure_ascii=False), JSON)


DOORS: dict[tuple[str, str], Callable[[Backstage, Query, bytes], object]] = {
    ("GET", "log"): _read_log,
    ("DELETE", "log"): _clear_log,
    ("GET", "faults"): _read_faults,
    ("POST", "faults"): _set_faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "truth"): _truth,
    ("GET", "circle"): _circle,
    ("POST", "change"): _change,
}
