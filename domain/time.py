"""Instants and periods. Instants are aware and in UTC; a period is half-open, `[start, end)`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import field, frozen

from domain.errors import BrokenInvariant


def is_utc(_: object, attribute: Any, value: datetime | None) -> None:
    """Refuse a naive instant or one of another zone; an attrs validator."""
    if value is not None and value.tzinfo is not UTC and value.utcoffset() != timedelta(0):
        raise BrokenInvariant(f"{attribute.name} must be an instant in UTC, not {value!r}")


def instant(**kwargs: Any) -> Any:
    """Declare an attrs field that holds an aware UTC instant (or None, where the type says so)."""
    return field(validator=is_utc, **kwargs)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class Period:
    """A half-open span of time, `[start, end)`, of at least a minute."""

    start: datetime = instant()
    end: datetime = instant()

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise BrokenInvariant(f"{self.start} … {self.end} is no period")

    @property
    def minutes(self) -> int:
        """Return its length in whole minutes."""
        return (self.end - self.start) // timedelta(minutes=1)

    def overlaps(self, other: "Period") -> bool:
        """Tell whether the two share an instant; touching ends share none."""
        return self.start < other.end and other.start < self.end

    def moved_to(self, start: datetime) -> "Period":
        """Return a period as long as this one that begins at `start`."""
        return Period(start, start + (self.end - self.start))


def period_of(start: datetime, minutes: int) -> Period:
    """Return the period that begins at `start` and lasts `minutes`."""
    return Period(start, start + timedelta(minutes=minutes))
