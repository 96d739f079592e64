"""Bookings."""

from datetime import datetime
from typing import Any

from adapters.sql.mapper import Row, mapper
from adapters.sql.rows.parts import Json, from_teachers, from_terms, to_teachers, to_terms
from adapters.sql.tables import bookings
from domain.bookings import (
    Booking,
    BookingStatus,
    Funding,
    Party,
    PaymentState,
    Reschedule,
)
from domain.ids import BookingId, GigId, UserId
from domain.money import Money, currency
from domain.policies import Outcome
from domain.time import Period


def _from_reschedule(proposal: Reschedule | None) -> dict[str, Any] | None:
    if proposal is None:
        return None
    return {
        "starts_at": proposal.starts_at.isoformat(),
        "proposed_by": proposal.proposed_by,
        "answer_by": proposal.answer_by.isoformat(),
    }


def _to_reschedule(data: Json | None) -> Reschedule | None:
    if data is None:
        return None
    return Reschedule(
        starts_at=datetime.fromisoformat(data["starts_at"]),
        proposed_by=Party(data["proposed_by"]),
        answer_by=datetime.fromisoformat(data["answer_by"]),
    )


def booking_to_row(booking: Booking) -> dict[str, Any]:
    """Write a booking."""
    return {
        "id": booking.id,
        "gig_id": booking.gig_id,
        "student_id": booking.student_id,
        "teachers": from_teachers(booking.teachers),
        "starts_at": booking.period.start,
        "ends_at": booking.period.end,
        "currency": booking.price.currency.code,
        "price": booking.price.minor,
        "funding": booking.funding,
        "terms": from_terms(booking.terms),
        "status": booking.status,
        "payment_status": booking.payment_status,
        "notice_from": booking.notice_from,
        "answer_due_at": booking.answer_due_at,
        "payment_due_at": booking.payment_due_at,
        "payment_is_processing": booking.payment_is_processing,
        "completes_at": booking.completes_at,
        "outcome": booking.outcome,
        "settles_at": booking.settles_at,
        "cancel_reason": booking.cancel_reason,
        "reschedule": _from_reschedule(booking.reschedule),
        "next_due_at": booking.next_due_at,
        "created_at": booking.created_at,
        "updated_at": booking.updated_at,
        "version": booking.version,
    }


def booking_from_row(row: Row) -> Booking:
    """Read a booking."""
    return Booking(
        id=BookingId(row.id),
        gig_id=GigId(row.gig_id),
        student_id=UserId(row.student_id),
        teachers=to_teachers(row.teachers),
        period=Period(row.starts_at, row.ends_at),
        price=Money(row.price, currency(row.currency)),
        funding=Funding(row.funding),
        terms=to_terms(row.terms),
        status=BookingStatus(row.status),
        payment_status=PaymentState(row.payment_status),
        notice_from=row.notice_from,
        answer_due_at=row.answer_due_at,
        payment_due_at=row.payment_due_at,
        payment_is_processing=row.payment_is_processing,
        completes_at=row.completes_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        settles_at=row.settles_at,
        cancel_reason=row.cancel_reason,
        reschedule=_to_reschedule(row.reschedule),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def teacher_rows(booking: Booking) -> list[dict[str, Any]]:
    """Return the rows by which the booking is found by its teachers."""
    return [
        {
            "booking_id": booking.id,
            "teacher_id": teaching.teacher_id,
            "created_at": booking.created_at,
            "ends_at": booking.period.end,
        }
        for teaching in booking.teachers
    ]


BOOKINGS = mapper("This booking", bookings, booking_to_row, booking_from_row)
