"""Instants as the database keeps them: whole microseconds since 1970-01-01 UTC, in a 64-bit integer.

An integer is the one form that both databases store exactly, order correctly, index, compare with each other and add
seconds to. SQLite has no date type, and text with optional fractions does not sort; a PostgreSQL `timestamptz` would be
read back through the session's time zone and would need a second spelling of every query.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Dialect, cast, extract, func, type_coerce
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """The instant as microseconds since the epoch; a datetime without a time zone raises `ValueError`.

    >>> to_micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone; an instant in the store needs one")
    return (instant - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The instant, aware, in UTC.

    >>> from_micros(-1).isoformat()
    '1969-12-31T23:59:59.999999+00:00'
    """
    return EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """A column of instants. Bound and read as aware datetimes, kept as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


def database_now(ahead_micros: ColumnElement[int] | None = None) -> ColumnElement[datetime]:
    """PostgreSQL's own clock, some microseconds ahead; read when the row is touched, not when the transaction began."""
    now: ColumnElement[int] = cast(extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
    return type_coerce(now if ahead_micros is None else now + ahead_micros, Instant)
