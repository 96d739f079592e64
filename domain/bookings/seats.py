"""Whether a slot is free."""

from collections.abc import Iterable

from domain.bookings.booking import Booking
from domain.bookings.errors import SlotTaken


def must_be_free(wanted: Booking, capacity: int, others: Iterable[Booking]) -> None:
    """Refuse a slot that would overlap another of the same teacher or student.

    `others` are bookings of any of the wanted booking's people that may overlap it. Seats of the
    same gig at the same time are no overlap for the teacher, up to `capacity`; a student never has
    two. Raises `SlotTaken`.
    """
    seats = 1
    for other in others:
        if other.id == wanted.id or not other.status.holds_its_slot:
            continue
        if not other.period.overlaps(wanted.period):
            continue
        beside = other.gig_id == wanted.gig_id and other.period == wanted.period
        if beside and capacity > 1 and other.student_id != wanted.student_id:
            seats += 1
            continue
        raise SlotTaken("This time is taken.")
    if seats > capacity:
        raise SlotTaken("All seats at this time are taken.")
