"""Who takes which side of a booking, and what they may see."""

from typing import TypeVar

from attrs import evolve

from application.commands import Actor
from application.ports.storage import BookingFilter, PaymentFilter, RefundFilter, Unit
from domain.bookings import Booking, Party
from domain.errors import NotFound
from domain.ids import BookingId
from domain.people import Role

F = TypeVar("F", BookingFilter, PaymentFilter, RefundFilter)


def party_of(actor: Actor, booking: Booking | None) -> Party:
    """Return the side that an actor takes; a stranger learns nothing, not even that it exists."""
    party = Party.PLATFORM if actor.sees_everything else None
    if booking is not None and party is None:
        party = booking.party_of(actor.user_id)
    if booking is None or party is None:
        raise NotFound("This booking")
    return party


def locked(unit: Unit, actor: Actor, id: BookingId) -> tuple[Booking, Party]:
    """Return a booking, locked, and the side that the actor takes in it."""
    party = party_of(actor, unit.bookings.find(id))
    return unit.bookings.get(id), party


def own_only(where: F, actor: Actor) -> F:
    """Narrow a filter that has `student_id` and `teacher_id` to what the actor may see."""
    user = actor.must_be_known()
    if actor.role is Role.STUDENT:
        return evolve(where, student_id=user)
    if actor.role is Role.TEACHER:
        return evolve(where, teacher_id=user)
    return where
