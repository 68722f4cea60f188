"""How many small changes of the core the fast tests notice: `mutmut results --all true` as a table.

    mutmut run; mutmut results --all true | python -m benchmarks.mutants

Prints a row a module: its mutants, and the share of them that a test notices. Then those that none notices,
by the names under which `mutmut show NAME` explains them.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable

# A mutant that never ends, or brings Python down, is noticed as well.
NOTICED = frozenset({"killed", "timeout", "caught by type check", "segfault", "suspicious"})
_RESULT = re.compile(r"\s*(?P<mutant>[\w.ǁ]+__mutmut_\d+): (?P<status>[a-z ]+?)\s*")


def by_module(lines: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the status of each mutant, by module and name.

    >>> by_module(["    project.room.x_add__mutmut_1: killed", "no result"])
    {'project.room': {'x_add__mutmut_1': 'killed'}}
    """
    modules: dict[str, dict[str, str]] = defaultdict(dict)
    for line in lines:
        if match := _RESULT.fullmatch(line.rstrip("\n")):
            module, _, mutant = match["mutant"].rpartition(".")
            modules[module][mutant] = match["status"]
    return dict(modules)


def main() -> None:
    modules = by_module(sys.stdin)
    if not modules:
        sys.exit("no results on standard input: mutmut results --all true | python -m benchmarks.mutants")
    total = noticed_total = 0
    print(f"{'module':<50} {'mutants':>7} {'noticed':>8}")
    for module, statuses in sorted(modules.items()):
        noticed = sum(status in NOTICED for status in statuses.values())
        total, noticed_total = total + len(statuses), noticed_total + noticed
        print(f"{module:<50} {len(statuses):>7} {noticed / len(statuses):>8.1%}")
    print(f"{'all':<50} {total:>7} {noticed_total / total:>8.1%}")
    for module, statuses in sorted(modules.items()):
        for mutant, status in statuses.items():
            if status not in NOTICED:
                print(f"{status}: {module}.{mutant}")


if __name__ == "__main__":
    main()
