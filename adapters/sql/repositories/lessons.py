"""Bookings, payments and refunds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, insert, select, text, tuple_, union_all, update

from adapters.sql.mapper import locked
from adapters.sql.repositories.base import SqlRepository
from adapters.sql.rows import bookings as booking_rows
from adapters.sql.rows import payments as payment_rows
from adapters.sql.tables import (
    booking_teachers,
    bookings,
    payment_teachers,
    payments,
    refund_teachers,
    refunds,
)
from adapters.sql.types import Instant
from domain.bookings import HOLDING, Booking
from domain.ids import BookingId, PaymentId, RefundId, UserId
from domain.payments import Payment
from domain.refunds import Refund
from domain.time import Period

_people: BindParameter[Any] = bindparam("people", expanding=True)
_start, _end = bindparam("start", type_=Instant), bindparam("end", type_=Instant)

# Two index ranges, whose ids are then looked up: an OR across tables would read them whole.
OVERLAPPING = (
    select(bookings)
    .where(
        bookings.c.id.in_(
            union_all(
                select(bookings.c.id).where(
                    bookings.c.student_id.in_(_people), bookings.c.ends_at > _start
                ),
                select(booking_teachers.c.booking_id).where(
                    booking_teachers.c.teacher_id.in_(_people), booking_teachers.c.ends_at > _start
                ),
            )
        ),
        bookings.c.starts_at < _end,
        bookings.c.status.in_(sorted(HOLDING)),
    )
    .order_by(bookings.c.starts_at, bookings.c.id)
)
DUE_BOOKINGS = (
    select(bookings.c.id)
    .where(bookings.c.next_due_at <= bindparam("at"))
    .order_by(bookings.c.next_due_at, bookings.c.id)
    .limit(bindparam("limit"))
)
ADD_BOOKING_TEACHERS = insert(booking_teachers)
MOVE_BOOKING = (
    update(booking_teachers)
    .where(booking_teachers.c.booking_id == bindparam("booking"))
    .values(ends_at=bindparam("moved_to"))
)

PAYMENTS_OF_BOOKING = locked(
    select(payments)
    .where(payments.c.booking_id == bindparam("booking"))
    .order_by(payments.c.created_at.desc(), payments.c.id.desc())
)
PAYMENT_BY_GATEWAY_ID = locked(
    select(payments).where(payments.c.gateway_id == bindparam("gateway"))
)
_passed = payments.alias("passed")
# In the very words of the partial index, or else SQLite does not see that it will do.
AWAITING_GATEWAY_FEE = (
    select(payments.c.id)
    .where(text("captured > 0 AND NOT gateway_fee_booked"))
    .order_by(payments.c.created_at, payments.c.id)
    .limit(bindparam("limit"))
)
AFTER_AWAITING_GATEWAY_FEE = AWAITING_GATEWAY_FEE.where(
    tuple_(payments.c.created_at, payments.c.id)
    > tuple_(
        select(_passed.c.created_at).where(_passed.c.id == bindparam("passed")).scalar_subquery(),
        bindparam("passed", type_=payments.c.id.type),
    )
)
ADD_PAYMENT_TEACHERS = insert(payment_teachers)

REFUNDS_OF_PAYMENT = locked(
    select(refunds)
    .where(refunds.c.payment_id == bindparam("payment"))
    .order_by(refunds.c.created_at, refunds.c.id)
)
REFUND_BY_GATEWAY_ID = select(refunds).where(refunds.c.gateway_id == bindparam("gateway"))
ADD_REFUND_TEACHERS = insert(refund_teachers).from_select(
    ["refund_id", "teacher_id", "created_at"],
    select(
        bindparam("refund", type_=refunds.c.id.type),
        payment_teachers.c.teacher_id,
        bindparam("at", type_=Instant),
    ).where(payment_teachers.c.payment_id == bindparam("payment")),
)


class SqlBookings(SqlRepository[Booking, BookingId]):
    """Bookings."""

    def overlapping(self, people: Sequence[UserId], period: Period) -> tuple[Booking, ...]:
        """Return bookings that hold a slot of any of these people within the period."""
        return self._all(OVERLAPPING, people=list(people), start=period.start, end=period.end)

    def due(self, at: datetime, limit: int) -> tuple[BookingId, ...]:
        """Return bookings whose `next_due_at` has come, the longest due first."""
        rows = self._transaction.all(DUE_BOOKINGS, at=at, limit=limit)
        return tuple(BookingId(row.id) for row in rows)

    def _inserted(self, value: Booking) -> None:
        self._transaction.run_many(ADD_BOOKING_TEACHERS, booking_rows.teacher_rows(value))

    def _updated(self, before: Booking | None, value: Booking) -> None:
        if before is None or before.period != value.period:
            moved_to = value.period.end
            self._transaction.run(MOVE_BOOKING, {"booking": value.id, "moved_to": moved_to})


class SqlPayments(SqlRepository[Payment, PaymentId]):
    """Payments."""

    def of_booking(self, booking: BookingId) -> tuple[Payment, ...]:
        """Return a booking's payments, newest first, locked until the unit ends."""
        return self._all(PAYMENTS_OF_BOOKING, booking=booking)

    def by_gateway_id(self, gateway_id: str) -> Payment | None:
        """Return the payment behind a gateway's id, locked until the unit ends."""
        return self._first(PAYMENT_BY_GATEWAY_ID, gateway=gateway_id)

    def awaiting_gateway_fee(
        self, limit: int, after: PaymentId | None = None
    ) -> tuple[PaymentId, ...]:
        """Return captured payments whose gateway fee is not booked yet, the oldest first."""
        if after is None:
            rows = self._transaction.all(AWAITING_GATEWAY_FEE, limit=limit)
        else:
            rows = self._transaction.all(AFTER_AWAITING_GATEWAY_FEE, passed=after, limit=limit)
        return tuple(PaymentId(row.id) for row in rows)

    def _inserted(self, value: Payment) -> None:
        self._transaction.run_many(ADD_PAYMENT_TEACHERS, payment_rows.teacher_rows(value))


class SqlRefunds(SqlRepository[Refund, RefundId]):
    """Refunds."""

    def of_payment(self, payment: PaymentId) -> tuple[Refund, ...]:
        """Return a payment's refunds, oldest first, locked until the unit ends."""
        return self._all(REFUNDS_OF_PAYMENT, payment=payment)

    def by_gateway_id(self, gateway_id: str) -> Refund | None:
        """Return the refund behind a gateway's id, without locking it."""
        return self._first(REFUND_BY_GATEWAY_ID, gateway=gateway_id)

    def _inserted(self, value: Refund) -> None:
        found_by = {"refund": value.id, "payment": value.payment_id, "at": value.created_at}
        self._transaction.run(ADD_REFUND_TEACHERS, found_by)
