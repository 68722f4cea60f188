"""SQL that was compiled once is compiled for all tests, of which each has an engine of its own.

An engine keeps for itself what it has compiled. But that depends on the statement and the kind of database
alone, and takes a quarter of the time of tests that rank and check.
"""

from typing import Any

import sqlalchemy as sa

_MOST = 2000


class _Compiled(dict[Any, Any]):
    """What SQLAlchemy keeps for one engine, kept for all with the same kind of database."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_of_kind(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        if len(self) >= _MOST:
            self.clear()
        super().__setitem__(_of_kind(key), compiled)


def _of_kind(key: Any) -> Any:
    dialect, *rest = key
    return type(dialect), *rest


_compiled = _Compiled()


def share() -> None:
    """Let all engines of this process share what they have compiled."""
    sa.event.listen(
        sa.Engine, "engine_connect", lambda connection: connection.execution_options(compiled_cache=_compiled)
    )
