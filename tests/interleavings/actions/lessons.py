"""Booking, agreeing, moving, calling off, and how lessons end."""

from datetime import datetime, timedelta

from application.commands import Actor
from application.ports.records import Answer
from entrypoints.http.controllers import bookings
from tests.interleavings.ground import Ground

MOVED_BY = timedelta(days=1)


def _books(ground: Ground, who: Actor, starts_at: datetime, gig: str | None = None) -> Answer:
    body = {"gig_id": gig or ground.gig, "starts_at": starts_at, "duration_minutes": 60}
    return ground.ask(who, bookings.book, body)


def student_books(ground: Ground) -> Answer:
    return _books(ground, ground.student, ground.starts_at)


def rival_books(ground: Ground) -> Answer:
    return _books(ground, ground.rival, ground.starts_at)


def rival_books_half_an_hour_later(ground: Ground) -> Answer:
    return _books(ground, ground.rival, ground.starts_at + timedelta(minutes=30))


def student_books_another_teacher_then(ground: Ground) -> Answer:
    return _books(ground, ground.student, ground.starts_at, ground.named["other_gig"])


def rival_books_the_new_time(ground: Ground) -> Answer:
    return _books(ground, ground.rival, ground.starts_at + MOVED_BY)


def student_books_another_teacher_at_the_new_time(ground: Ground) -> Answer:
    return _books(ground, ground.student, ground.starts_at + MOVED_BY, ground.named["other_gig"])


def teacher_agrees(ground: Ground) -> Answer:
    return ground.ask(ground.teacher, bookings.confirm_booking, booking_id=ground.booking)


def teacher_declines(ground: Ground) -> Answer:
    return ground.ask(ground.teacher, bookings.decline_booking, booking_id=ground.booking)


def _cancels(ground: Ground, who: Actor) -> Answer:
    body = {"reason": "ill"}
    return ground.ask(who, bookings.cancel_booking, body, booking_id=ground.booking)


def student_cancels(ground: Ground) -> Answer:
    return _cancels(ground, ground.student)


def teacher_cancels(ground: Ground) -> Answer:
    return _cancels(ground, ground.teacher)


def admin_cancels(ground: Ground) -> Answer:
    return _cancels(ground, ground.admin)


def seated_one_cancels(ground: Ground) -> Answer:
    body = {"reason": "ill"}
    return ground.ask(
        ground.admin, bookings.cancel_booking, body, booking_id=ground.named["seated"]
    )


def teacher_completes(ground: Ground) -> Answer:
    return ground.ask(ground.teacher, bookings.complete_booking, {}, booking_id=ground.booking)


def admin_completes(ground: Ground) -> Answer:
    return ground.ask(ground.admin, bookings.complete_booking, {}, booking_id=ground.booking)


def teacher_says_nobody_came(ground: Ground) -> Answer:
    body = {"who": "student"}
    return ground.ask(ground.teacher, bookings.report_no_show, body, booking_id=ground.booking)


def student_says_nobody_came(ground: Ground) -> Answer:
    body = {"who": "teacher"}
    return ground.ask(ground.student, bookings.report_no_show, body, booking_id=ground.booking)


def student_proposes_a_move(ground: Ground) -> Answer:
    body = {"starts_at": ground.starts_at + MOVED_BY}
    return ground.ask(ground.student, bookings.propose_reschedule, body, booking_id=ground.booking)


def teacher_accepts_the_move(ground: Ground) -> Answer:
    return ground.ask(ground.teacher, bookings.accept_reschedule, booking_id=ground.booking)


def teacher_declines_the_move(ground: Ground) -> Answer:
    return ground.ask(ground.teacher, bookings.decline_reschedule, booking_id=ground.booking)


def student_takes_the_move_back(ground: Ground) -> Answer:
    return ground.ask(ground.student, bookings.decline_reschedule, booking_id=ground.booking)


def worker_advances_bookings(ground: Ground) -> None:
    ground.works("AdvanceBookings")
