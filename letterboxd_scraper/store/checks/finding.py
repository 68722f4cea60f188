"""What a check finds."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: how many places are ``wrong``, an example of one, and what to do about them.

    ``remark`` says why there was nothing to compare; then nothing is wrong.
    """

    check: str
    wrong: int = 0
    example: str = ""
    advice: str = ""
    remark: str = ""


def of_query(connection: sa.Connection, check: str, query: sa.Select[Any], advice: str) -> Finding:
    """Return what a query found that selects the wrong places; its columns say where the example is."""
    found = query.subquery("found")
    counted = sa.select(sa.func.count().over().label("wrong"), *found.c).limit(1)
    row = connection.execute(counted).first()
    if row is None:
        return Finding(check)
    named = zip(found.c.keys(), row[1:], strict=True)
    example = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in named if value is not None)
    return Finding(check, row.wrong, example, advice)
