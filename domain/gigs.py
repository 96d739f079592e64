"""What a teacher offers."""

from datetime import datetime
from enum import StrEnum

from attrs import evolve, field, frozen

from domain.errors import InvalidField, Refused
from domain.events import Event
from domain.ids import GigId, UserId
from domain.money import Money, half_up
from domain.policies import CancellationPolicy
from domain.time import instant


@frozen
class Teaching:
    """A teacher and the weight of their share; weights are relative to one another."""

    teacher_id: UserId
    weight: int = 1


class Confirmation(StrEnum):
    """Who agrees to a booking of the gig."""

    TEACHER = "teacher"
    INSTANT = "instant"


class GigNotBookable(Refused):
    """The gig is not active, or its limits do not allow this booking."""

    code = "gig_not_bookable"


def _are_teachers(_: object, __: object, teachers: tuple[Teaching, ...]) -> None:
    if not 1 <= len(teachers) <= 10:
        raise InvalidField("teachers", "A gig has one to ten teachers.")
    if len({teaching.teacher_id for teaching in teachers}) != len(teachers):
        raise InvalidField("teachers", "Each teacher is named once.")
    if any(not 1 <= teaching.weight <= 1000 for teaching in teachers):
        raise InvalidField("teachers", "A weight is between 1 and 1000.")


@frozen(kw_only=True)
class Gig:
    """An offer of lessons at an hourly price."""

    id: GigId
    teachers: tuple[Teaching, ...] = field(validator=_are_teachers)
    title: str
    description: str
    hourly_rate: Money
    capacity: int
    confirmation: Confirmation
    policy: CancellationPolicy
    minimum_minutes: int
    maximum_minutes: int
    accepts_hours: bool = True
    is_active: bool = True
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.hourly_rate.is_negative:
            raise InvalidField("hourly_rate", "A price is not negative.")
        if not 1 <= self.capacity <= 10:
            raise InvalidField("capacity", "A gig seats one to ten students.")

    def is_taught_by(self, user: UserId | None) -> bool:
        """Tell whether the user is one of its teachers."""
        return any(teaching.teacher_id == user for teaching in self.teachers)

    def price_for(self, minutes: int, *, step: int = 1) -> Money:
        """Return hu(hourly minor x minutes / 60), in steps that the gateway can charge."""
        price = Money(half_up(self.hourly_rate.minor * minutes, 60), self.hourly_rate.currency)
        return price.in_steps(step)

    def must_be_bookable(self, minutes: int) -> None:
        """Refuse a booking of an inactive gig, or one that is too short or too long."""
        if not self.is_active:
            raise GigNotBookable("This gig cannot be booked at present.")
        if not self.minimum_minutes <= minutes <= self.maximum_minutes:
            raise InvalidField(
                "duration_minutes",
                f"A lesson lasts {self.minimum_minutes} to {self.maximum_minutes} minutes.",
            )

    def changed(self, *, at: datetime, **changes: object) -> "Gig":
        """Return it with other terms; bookings made before keep theirs."""
        return evolve(self, updated_at=at, **changes)  # type: ignore[arg-type]
