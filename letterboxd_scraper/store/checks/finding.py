"""What a check finds, and how a query says it."""

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
    """Return the finding of a query that selects the wrong places; its columns say where each is."""
    places = query.subquery("places")
    row = connection.execute(sa.select(sa.func.count().over().label("wrong"), *places.c).limit(1)).first()
    if row is None:
        return Finding(check)
    values = zip(places.c.keys(), row[1:], strict=True)
    example = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values if value is not None)
    return Finding(check, row.wrong, example, advice)
