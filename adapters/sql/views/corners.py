"""What no walk from booking to booking comes by."""

from collections.abc import Iterator
from typing import Any

from attrs import frozen
from sqlalchemy import (
    Column,
    ColumnElement,
    Executable,
    Integer,
    bindparam,
    case,
    func,
    literal,
    null,
    select,
    tuple_,
)

from adapters.sql.mapper import Row
from adapters.sql.rows.payments import PAYMENTS
from adapters.sql.rows.records import idempotency_from_row
from adapters.sql.rows.refunds import REFUNDS
from adapters.sql.tables import (
    booking_teachers,
    bookings,
    earning_lines,
    gigs,
    idempotency_keys,
    payments,
    refunds,
)
from adapters.sql.transaction import ROWS_AT_A_TIME, Transaction
from adapters.sql.views.reading import readable
from adapters.sql.views.texts import TEXTS, texts_of
from application.ports.records import IdempotencyRecord
from application.ports.storage import Slot, StoredText, Unpaid
from domain.bookings import HOLDING
from domain.payments import Payment
from domain.refunds import Refund
from domain.time import EPOCH

STRAY_PAYMENTS = (
    select(payments)
    .outerjoin(bookings, bookings.c.id == payments.c.booking_id)
    .where(bookings.c.id.is_(None))
)
STRAY_REFUNDS = (
    select(refunds)
    .outerjoin(payments, payments.c.id == refunds.c.payment_id)
    .where(payments.c.id.is_(None))
)
_of_unpaid = (earning_lines.c.teacher_id, earning_lines.c.currency)
_is_ahead = case((earning_lines.c.available_at.is_(None), 1), else_=0)
UNPAID = (
    select(*_of_unpaid, _is_ahead.label("is_ahead"), func.sum(earning_lines.c.amount))
    .where(earning_lines.c.payout_id.is_(None))
    .group_by(*_of_unpaid, _is_ahead)
)
_booking = (
    bookings.c.id.label("booking"),
    bookings.c.gig_id.label("gig"),
    bookings.c.student_id.label("student"),
    bookings.c.starts_at,
    bookings.c.ends_at,
)


def _after(*place: Column[Any]) -> ColumnElement[bool]:
    return tuple_(*place) > tuple_(
        *(bindparam(name, type_=column.type) for name, column in zip(_PLACE, place, strict=True))
    )


_PLACE = ("person", "until", "id")
# Page by page, in the order of the indexes that find what overlaps, so that little is sorted.
_taught = (booking_teachers.c.teacher_id, booking_teachers.c.ends_at, booking_teachers.c.booking_id)
_page = select(*_taught).where(_after(*_taught)).order_by(*_taught).limit(ROWS_AT_A_TIME).subquery()
TEACHERS_SLOTS = (
    select(
        _page.c.teacher_id.label("person"),
        _page.c.ends_at.label("listed_until"),
        _page.c.booking_id.label("id"),
        *_booking,
        bookings.c.status,
        case((gigs.c.updated_at > bookings.c.created_at, null()), else_=gigs.c.capacity).label(
            "capacity"
        ),
    )
    .select_from(_page)
    .outerjoin(bookings, bookings.c.id == _page.c.booking_id)
    .outerjoin(gigs, gigs.c.id == bookings.c.gig_id)
    .order_by(_page.c.teacher_id, _page.c.ends_at, _page.c.booking_id)
)
_attended = (bookings.c.student_id, bookings.c.ends_at, bookings.c.id)
STUDENTS_SLOTS = (
    select(
        bookings.c.student_id.label("person"),
        bookings.c.ends_at.label("listed_until"),
        bookings.c.id.label("id"),
        *_booking,
        bookings.c.status,
        literal(None, Integer).label("capacity"),
    )
    .where(_after(*_attended))
    .order_by(*_attended)
    .limit(ROWS_AT_A_TIME)
)
ANSWERS = select(idempotency_keys)


@frozen
class SqlCorners:
    """Streams of the rest."""

    _transaction: Transaction

    def stray_payments(self) -> Iterator[Payment]:
        """Return payments of no booking, or of one that does not exist."""
        return readable(PAYMENTS, self._transaction.stream(STRAY_PAYMENTS))

    def stray_refunds(self) -> Iterator[Refund]:
        """Return refunds of payments that do not exist."""
        return readable(REFUNDS, self._transaction.stream(STRAY_REFUNDS))

    def unpaid(self) -> Iterator[Unpaid]:
        """Return the sums of lines that no payout carries."""
        for teacher, currency, is_ahead, amount in self._transaction.stream(UNPAID):
            yield Unpaid(teacher, currency, bool(is_ahead), int(amount))

    def slots(self) -> Iterator[Slot]:
        """Return what fills calendars, a person's together, the earliest end first."""
        yield from self._slots(TEACHERS_SLOTS)
        yield from self._slots(STUDENTS_SLOTS)

    def _slots(self, statement: Executable) -> Iterator[Slot]:
        after: dict[str, object] = {"person": "", "until": EPOCH, "id": ""}
        while rows := self._transaction.all(statement, **after):
            yield from (_slot(row) for row in rows if row.status in HOLDING)
            last = rows[-1]
            after = {"person": last.person, "until": last.listed_until, "id": last.id}

    def answers(self) -> Iterator[IdempotencyRecord]:
        """Return requests with an idempotency key."""
        return map(idempotency_from_row, self._transaction.stream(ANSWERS))

    def texts(self) -> Iterator[StoredText]:
        """Return all that people, or the gateway, have written."""
        for table, statement in TEXTS:
            yield from texts_of(table, self._transaction.stream(statement))


def _slot(row: Row) -> Slot:
    return Slot(
        person=row.person,
        booking=row.booking,
        gig=row.gig,
        student=row.student,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        listed_until=row.listed_until,
        capacity=row.capacity,
    )
