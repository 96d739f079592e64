"""Column types that mean the same on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.types import TypeEngine


def _to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.utcoffset():
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:26] + "Z"


# One instant is in many columns, and on each line of an entry.
@lru_cache(maxsize=256)
def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: TIMESTAMPTZ on PostgreSQL, text of a fixed width that sorts on SQLite.

    Connections to PostgreSQL set their time zone to UTC, so that the driver answers UTC and nothing
    has to be converted here.
    """

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = DateTime(timezone=True)
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what the column is declared as."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else self.impl_instance)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return what is done to a value on its way into the database."""
        return _to_text if dialect.name == "sqlite" else None

    def result_processor(
        self,
        dialect: Dialect,
        coltype: object,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> Callable[[Any], Any] | None:
        """Return what is done to a value on its way out of the database."""
        return _from_text if dialect.name == "sqlite" else None


Structure = JSON(none_as_null=True)
"""Something nested that is always read and written whole. Not JSONB, which reorders keys: what was
sent to the gateway is sent again to the letter."""

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A number that the database counts up; SQLite does so for columns of exactly this type."""
