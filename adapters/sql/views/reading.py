"""Rows as values, where a row may hold anything."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from adapters.sql.mapper import Mapper, Row
from application.ports.storage import Unreadable
from domain.errors import BrokenInvariant, DomainError

T = TypeVar("T")

_IMPOSSIBLE = (BrokenInvariant, DomainError, LookupError, TypeError, ValueError)


def readable(mapper: Mapper[T], rows: Iterable[Row]) -> Iterator[T]:
    """Read rows; raise `Unreadable` for one that cannot be, and go on when asked again."""
    # A generator would be over with its first exception; what `map` returns is not.
    return map(_reading(mapper), rows)


def _reading(mapper: Mapper[T]) -> Callable[[Row], T]:
    from_row, name = mapper.from_row, mapper.id.name

    def read(row: Row) -> T:
        try:
            return from_row(row)
        except _IMPOSSIBLE as error:
            raise Unreadable(str(getattr(row, name)), str(error)) from error

    return read
