"""Faults on demand: the plan of what goes wrong, and the count of what did."""

import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from . import refusals
from .pages import Answer
from .rules import Fault
from .spoiling import SIGN_IN, Case, spoil
from .world import World


@dataclass
class _Rule:
    number: int
    fault: Fault
    path: re.Pattern[str]
    struck: int = 0

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.struck >= self.fault.times


class Faults:
    """The rules in force, first come, first served: a request suffers the first fault that strikes it.

    Whether a fault with a ``share`` strikes depends on ``seed``, the rule's place in the plan, the path, and
    how often that path was asked for: not on the order of requests, and anew for each attempt.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._struck: list[tuple[str, str]] = []
        self._requests = 0
        self._asked: Counter[str] = Counter()

    def add(self, *faults: Fault) -> None:
        """Append rules to the plan; what has been counted stays."""
        with self._lock:
            self._append(faults)

    def clear(self) -> None:
        """Forget all rules and all counts: the next request is the first."""
        self.replace(())

    def replace(self, faults: Iterable[Fault], seed: int | None = None) -> None:
        """Clear the plan and add these rules in one step, perhaps with another seed."""
        with self._lock:
            self._rules, self._struck, self._requests, self._asked = [], [], 0, Counter()
            self.seed = self.seed if seed is None else seed
            self._append(faults)

    @property
    def struck(self) -> list[tuple[str, str]]:
        """A copy of what went wrong so far: (path, kind), in order."""
        with self._lock:
            return list(self._struck)

    def plan(self) -> list[dict[str, object]]:
        """Return the rules as in JSON, each with ``struck``, the number of times it did."""
        with self._lock:
            return [{**rule.fault.given(), "struck": rule.struck} for rule in self._rules]

    def answer(self, world: World, path: str, right: Answer) -> Answer:
        """Return ``right``, or what a fault makes of it; a fault with nothing to spoil lets it pass."""
        with self._lock:
            self._requests += 1
            self._asked[path] += 1
            if path == SIGN_IN and any(rule.fault.kind == "login" for rule in self._rules):
                right = Answer(200, refusals.sign_in())  # the one page that exists because of a fault
            for rule in self._rules:
                if not self._strikes(rule, path):
                    continue
                if spoiled := spoil(Case(rule.fault, path, right, world, self._chance(rule, path))):
                    rule.struck += 1
                    self._struck.append((path, rule.fault.kind))
                    return spoiled
        return right

    def _append(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self._rules.append(_Rule(len(self._rules), fault, re.compile(fault.path)))

    def _strikes(self, rule: _Rule, path: str) -> bool:
        if rule.spent or self._requests <= rule.fault.after or not rule.path.fullmatch(path):
            return False
        digest = blake2b(self._chance(rule, path).encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64 < rule.fault.share

    def _chance(self, rule: _Rule, path: str) -> str:
        return f"{self.seed} {rule.number} {self._asked[path]} {path}"
