"""What every table is made of: the metadata, types and references."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class JSON(sa.TypeDecorator[Any]):
    """What JSON can say; JSONB on PostgreSQL, whose dialect takes as long to load as all our tables."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Return the type that a database has for it."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(sa.JSON())
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())


class Hundredths(sa.TypeDecorator[float]):
    """A number with two digits after the point, always a float: SQLite stores 3.0 as the integer 3."""

    impl = sa.Numeric(4, 2, asdecimal=False)
    cache_ok = True

    def process_result_value(self, value: float | None, dialect: sa.Dialect) -> float | None:
        """Return a stored number as a float."""
        return None if value is None else float(value)


class UTCDateTime(sa.TypeDecorator[datetime]):
    """A moment in UTC, with its zone, on SQLite too, which stores no zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return a moment as it is stored: in UTC."""
        return value.astimezone(UTC) if value else None

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Return what makes a moment with its zone, UTC, of a stored one."""
        if dialect.name == "sqlite":
            # In one step: a third of the time of reading many members went into reading their moments.
            return lambda text: None if text is None else datetime.fromisoformat(f"{text}+00:00")
        return lambda moment: (
            moment and (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
        )


def unique_where(condition: sa.ColumnElement[bool], name: str, *columns: sa.Column[Any]) -> None:
    """Let no two rows that meet a condition have the same values in ``columns``."""
    index_where(condition, name, *columns, unique=True)


def index_where(
    condition: sa.ColumnElement[bool], name: str, *columns: sa.Column[Any], unique: bool = False
) -> None:
    """Let a database find the rows that meet a condition by ``columns``."""
    index = sa.Index(name, *columns, unique=unique, sqlite_where=condition)

    def name_condition(table: sa.Table, connection: sa.Connection, **about: Any) -> None:
        if connection.dialect.name == "postgresql":
            index.dialect_options["postgresql"]["where"] = condition

    # Not with the others above: PostgreSQL's dialect would be loaded with every command.
    sa.event.listen(columns[0].table, "before_create", name_condition)


def user(**options: Any) -> sa.Column[int]:
    """Return a table's reference to a member, whose rows go with them."""
    return _reference("user_id", "users.id", {"doc": "the member"} | options)


def film(**options: Any) -> sa.Column[int]:
    """Return a table's reference to a film, whose rows go with it."""
    return _reference("film_id", "films.id", {"doc": "the film"} | options)


def cohort(**options: Any) -> sa.Column[int]:
    """Return a table's reference to a cohort, whose rows go with it."""
    return _reference("cohort_id", "cohorts.id", {"doc": "the cohort"} | options)


def _reference(name: str, target: str, options: dict[str, Any]) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(target, ondelete="CASCADE"), **options)
