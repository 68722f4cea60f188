"""PostgreSQL databases that one test after the other uses: each finds what stood in it at the beginning.

To make a database and to drop it takes a third of a second, most of it the server's; to put back what was
there takes a hundredth.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import MATERIALIZED_VIEWS
from tests import postgres

_OURS = "relnamespace = 'public'::regnamespace"
_TABLES = f"SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND {_OURS} ORDER BY 1"
_SEQUENCES = f"SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'S' AND {_OURS} ORDER BY 1"
# Copies of one database have the same numbers; what a test has added, changed or removed has others.
_SHAPE = f"""
SELECT
    (SELECT ARRAY[count(*), sum(oid::bigint)] FROM pg_class WHERE {_OURS}),
    (SELECT ARRAY[count(*), sum(oid::bigint)] FROM pg_trigger),
    (SELECT ARRAY[count(*), sum(oid::bigint)] FROM pg_constraint),
    (SELECT ARRAY[count(*), sum(oid::bigint)] FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    (SELECT ARRAY[count(*), sum(atttypid::bigint)] FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE {_OURS})
"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Copies:
    """Copies of a template's database, all dropped by `close`."""

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url = server_url
        self._template = template
        self._unused: list[str] = []
        self._all = ExitStack()
        self._beginning: _Contents | None = None

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Yield the address of a copy that nobody else uses; what is done in it is undone afterwards."""
        url = self._unused.pop() if self._unused else self._made()
        yield url
        with _connected(url) as connection:
            if self._beginning and self._beginning.put_back(connection):
                self._unused.append(url)

    def close(self) -> None:
        """Drop the databases."""
        self._all.close()

    def _made(self) -> str:
        url = self._all.enter_context(postgres.database(self._server_url, template=self._template))
        if self._beginning is None:
            with _connected(url) as connection:
                self._beginning = _Contents.of(connection)
        return url


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        yield connection


@dataclass(frozen=True)
class _Contents:
    """What stands in a database: rows as COPY writes them, sequences, and which views are not empty."""

    shape: sa.Row[Any]
    rows: dict[str, bytes]
    sequences: dict[str, tuple[int, bool]]
    counted: frozenset[str]

    @classmethod
    def of(cls, connection: sa.Connection) -> "_Contents":
        numbers = {
            name: connection.execute(sa.text(f"SELECT last_value, is_called FROM {name}")).one()
            for name in connection.scalars(sa.text(_SEQUENCES)).all()
        }
        return cls(
            shape=connection.execute(sa.text(_SHAPE)).one(),
            rows={name: _copied(connection, name) for name in connection.scalars(sa.text(_TABLES)).all()},
            sequences={name: (number, called) for name, (number, called) in numbers.items()},
            counted=frozenset(name for name in MATERIALIZED_VIEWS if _has_rows(connection, name)),
        )

    def put_back(self, connection: sa.Connection) -> bool:
        """Make a database what it was; False where its tables, triggers or functions are others now."""
        connection.execute(sa.text(_END_OTHERS))
        if connection.execute(sa.text(_SHAPE)).one() != self.shape:
            return False
        # Rows go and come as they are: no trigger fires, and no key is looked up.
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text("; ".join(f"DELETE FROM {name}" for name in self.rows)))
        for name in MATERIALIZED_VIEWS:
            if name not in self.counted and _has_rows(connection, name):
                connection.execute(sa.text(f"REFRESH MATERIALIZED VIEW {name}"))
        for name, rows in self.rows.items():
            if rows:
                _cursor(connection).copy_expert(f"COPY {name} FROM STDIN", BytesIO(rows))
        for name in self.counted:
            connection.execute(sa.text(f"REFRESH MATERIALIZED VIEW {name}"))
        for name, (number, called) in self.sequences.items():
            connection.execute(sa.text(f"SELECT setval('{name}', {number}, {called})"))
        return True


def _copied(connection: sa.Connection, table: str) -> bytes:
    rows = BytesIO()
    _cursor(connection).copy_expert(f"COPY {table} TO STDOUT", rows)
    return rows.getvalue()


def _has_rows(connection: sa.Connection, table: str) -> bool:
    return bool(connection.scalar(sa.text(f"SELECT EXISTS (SELECT FROM {table})")))


def _cursor(connection: sa.Connection) -> Any:
    return connection.connection.cursor()
