"""Bookings: from the request to how the lesson ends."""

from functools import partial
from typing import Any

from application.bookings import (
    AcceptReschedule,
    BookGig,
    CancelBooking,
    CompleteBooking,
    ConfirmBooking,
    DeclineBooking,
    DeclineReschedule,
    GetBooking,
    ListBookings,
    NotEnoughHours,
    ProposeReschedule,
    QuoteBooking,
    ReportNoShow,
)
from application.ports.storage import BookingFilter
from domain.bookings import (
    BookingNotCancellable,
    BookingNotEnded,
    BookingNotPaid,
    BookingStateConflict,
    Funding,
    NoShowOutOfTime,
    NotAwaitingConfirmation,
    OwnGig,
    Party,
    RescheduleNotPossible,
    SlotTaken,
)
from domain.gigs import GigNotBookable
from domain.ids import BookingId, GigId, UserId
from entrypoints.http.endpoints import Do, Resource, shown_as
from entrypoints.http.paging import created_in, page_of, window
from entrypoints.http.policies import KNOWN, STUDENT_OR_ADMIN, TEACHER_OR_ADMIN
from entrypoints.http.presenters import bookings as present
from entrypoints.http.presenters.common import pages
from entrypoints.http.reading import in_utc
from entrypoints.http.schemas import bookings as schema
from entrypoints.http.schemas.common import Page

bookings = Resource("/bookings", tag="Bookings")
_DONE = {200: schema.Booking}
_as_booking = partial(present.booking_by_id, 200)


@bookings.post(
    "",
    who=STUDENT_OR_ADMIN,
    answers={201: schema.Booking},
    refuses=(SlotTaken, GigNotBookable, OwnGig, NotEnoughHours),
    problems=("not_found",),
)
def book(body: schema.NewBooking) -> Do[Any]:
    """Book a gig for a time.

    The slot is held at once, for the student and for each teacher. The price follows from the
    duration; a teacher-confirmed gig waits for its teacher, an instant one for payment.
    """
    command = BookGig(
        gig_id=GigId(body.gig_id),
        starts_at=in_utc(body.starts_at, "starts_at"),
        minutes=body.duration_minutes,
        funding=None if body.funding is None else Funding(body.funding),
        student_id=_user(body.student_id),
    )
    return Do(command, partial(present.booking_by_id, 201))


@bookings.get("", who=KNOWN, answers={200: Page[schema.Booking]})
def list_bookings(query: schema.BookingQuery) -> Do[Any]:
    """List one's own bookings; staff sees all."""
    where = BookingFilter(
        student_id=_user(query.student_id),
        teacher_id=_user(query.teacher_id),
        status=query.status,
        payment_status=query.payment_status,
        starts=window("from", query.starts_from, "to", query.starts_to),
        created=created_in(query),
    )
    return Do(ListBookings(where=where, page=page_of(query)), pages(present.booking))


@bookings.get("/{booking_id}", who=KNOWN, answers={200: schema.Booking})
def show_booking(booking_id: str) -> Do[Any]:
    """Show a booking."""
    return Do(GetBooking(booking_id=BookingId(booking_id)), shown_as(200, present.booking))


@bookings.post(
    "/{booking_id}/confirm",
    who=TEACHER_OR_ADMIN,
    answers=_DONE,
    refuses=(NotAwaitingConfirmation,),
)
def confirm_booking(booking_id: str) -> Do[Any]:
    """Confirm a request; it can be paid for then."""
    return Do(ConfirmBooking(booking_id=BookingId(booking_id)), _as_booking)


@bookings.post(
    "/{booking_id}/decline",
    who=TEACHER_OR_ADMIN,
    answers=_DONE,
    refuses=(NotAwaitingConfirmation,),
)
def decline_booking(booking_id: str) -> Do[Any]:
    """Decline a request; the slot is free again."""
    return Do(DeclineBooking(booking_id=BookingId(booking_id)), _as_booking)


@bookings.post(
    "/{booking_id}/complete",
    who=TEACHER_OR_ADMIN,
    answers=_DONE,
    refuses=(BookingStateConflict, BookingNotEnded, BookingNotPaid),
)
def complete_booking(booking_id: str, body: schema.Completion) -> Do[Any]:
    """Say that the lesson took place, once it has ended and is paid: the teacher has earned it."""
    command = CompleteBooking(booking_id=BookingId(booking_id), actual_minutes=body.actual_minutes)
    return Do(command, _as_booking)


@bookings.get("/{booking_id}/quote", who=KNOWN, answers={200: schema.Quote})
def quote_booking(booking_id: str, query: schema.QuoteQuery) -> Do[Any]:
    """Show who would get what if the lesson ended in this way now."""
    command = QuoteBooking(booking_id=BookingId(booking_id), outcome=query.outcome)
    return Do(command, shown_as(200, present.quote))


@bookings.post(
    "/{booking_id}/cancel",
    who=KNOWN,
    answers={200: schema.Cancelled},
    refuses=(BookingNotCancellable, BookingStateConflict),
    problems=("gateway_unavailable", "operation_under_way"),
)
def cancel_booking(booking_id: str, body: schema.Cancellation) -> Do[Any]:
    """Call a lesson off; what the policy gives back is refunded.

    The answer shows the quote that was carried out.
    """
    command = CancelBooking(booking_id=BookingId(booking_id), reason=body.reason)
    return Do(command, present.cancelled)


@bookings.post(
    "/{booking_id}/no-show",
    who=KNOWN,
    answers=_DONE,
    refuses=(NoShowOutOfTime, BookingStateConflict),
)
def report_no_show(booking_id: str, body: schema.Absence) -> Do[Any]:
    """Report that the other side did not come; the money is held while it can be contested."""
    command = ReportNoShow(booking_id=BookingId(booking_id), absent=Party(body.who))
    return Do(command, _as_booking)


@bookings.post(
    "/{booking_id}/reschedule",
    who=KNOWN,
    answers=_DONE,
    refuses=(RescheduleNotPossible, SlotTaken),
)
def propose_reschedule(booking_id: str, body: schema.NewTime) -> Do[Any]:
    """Propose another time; the lesson stays where it is until the other side accepts."""
    command = ProposeReschedule(
        booking_id=BookingId(booking_id), starts_at=in_utc(body.starts_at, "starts_at")
    )
    return Do(command, _as_booking)


@bookings.post(
    "/{booking_id}/reschedule/accept",
    who=KNOWN,
    answers=_DONE,
    refuses=(RescheduleNotPossible, SlotTaken),
)
def accept_reschedule(booking_id: str) -> Do[Any]:
    """Accept the proposed time; the slot moves now, if it is free."""
    return Do(AcceptReschedule(booking_id=BookingId(booking_id)), _as_booking)


@bookings.post(
    "/{booking_id}/reschedule/decline",
    who=KNOWN,
    answers=_DONE,
    refuses=(RescheduleNotPossible,),
)
def decline_reschedule(booking_id: str) -> Do[Any]:
    """Turn a proposed time down, or take one's own proposal back."""
    return Do(DeclineReschedule(booking_id=BookingId(booking_id)), _as_booking)


def _user(id: str | None) -> UserId | None:
    return None if id is None else UserId(id)
