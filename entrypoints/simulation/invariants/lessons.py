"""Lessons: nobody is in two places, and each booking has one funding: I10."""

from itertools import combinations

from domain.bookings import Booking, BookingStatus, Funding
from domain.gigs import Gig
from entrypoints.simulation.witness import Sight, always


@always
def nobody_is_in_two_places(sight: Sight) -> None:
    """I10: live slots of a teacher, and of a student, are disjoint; a group's up to capacity."""
    for before, booking in sight.touched.of(Booking):
        took_a_slot = before is None or not before.status.holds_its_slot
        moved = before is not None and before.period != booking.period
        if booking.status.holds_its_slot and (took_a_slot or moved):
            _check_slot(sight, booking)


def _check_slot(sight: Sight, booking: Booking) -> None:
    people = set(booking.people)
    others = [
        other
        for other in sight.mirror.all("bookings")
        if other.status.holds_its_slot
        and other.period.overlaps(booking.period)
        and people.intersection(other.people)
    ]
    for one, other in combinations(others, 2):
        if booking.id not in {one.id, other.id}:
            continue
        same_lesson = one.gig_id == other.gig_id and one.period.start == other.period.start
        if not same_lesson or one.student_id == other.student_id:
            sight.wrong("I10", one.id, f"overlaps {other.id}")
    gig: Gig | None = sight.mirror.get("gigs", booking.gig_id)
    seats = sum(other.gig_id == booking.gig_id for other in others)
    if gig is not None and seats > gig.capacity:
        sight.wrong("I10", booking.id, f"{seats} seats are taken of {gig.capacity}")


@always
def no_lesson_takes_place_unpaid(sight: Sight) -> None:
    """I10: what is completed was paid, even if all of it has gone back since."""
    for _, booking in sight.touched.of(Booking):
        if booking.status is BookingStatus.COMPLETED and not booking.payment_status.was_paid:
            sight.wrong("I10", booking.id, f"took place, and is {booking.payment_status}")


@always
def a_booking_has_one_funding(sight: Sight) -> None:
    """I10: what pays for a booking is agreed once, and is free only where the price is nothing."""
    for before, booking in sight.touched.of(Booking):
        if before is not None and before.funding is not booking.funding:
            sight.wrong("I10", booking.id, f"was funded by {before.funding}: {booking.funding}")
        if (booking.funding is Funding.FREE) is bool(booking.price):
            sight.wrong("I10", booking.id, f"costs {booking.price!r} and is {booking.funding}")
