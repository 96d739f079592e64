"""A database with enough rows that it matters how they are found."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from adapters.sql.database import Database
from adapters.sql.storage import SqlUnitOfWork
from application.ports.records import DeliveryState
from application.ports.storage import Unit
from domain.bookings import BookingStatus, PaymentState
from domain.earnings import PayoutStatus
from domain.payments import PaymentStatus
from domain.people import Role
from tests.builders import (
    NOW,
    a_balance,
    a_booking,
    a_delivery,
    a_gig,
    a_line,
    a_payment,
    a_payout,
    a_refund,
    a_user,
    an_audit_entry,
    an_entry,
    teachings,
)
from tests.contract.storage.keeping import save
from tests.contract.storage.sql_harness import CountingIds

ROWS = 1500
"""Of each kind. Below, PostgreSQL rightly reads some tables whole."""
PEOPLE = 20


def made_at(number: int) -> datetime:
    """Return when the row of a number was made."""
    return NOW + timedelta(minutes=number)


def student(number: int) -> str:
    """Return the student of a row."""
    return f"usr_student_{number % PEOPLE}"


def teacher(number: int) -> str:
    """Return the teacher of a row."""
    return f"usr_teacher_{number % PEOPLE}"


def fill(database: Database) -> None:
    """Put rows of every kind into a migrated database, and let it look at what it has."""
    work = SqlUnitOfWork(database, CountingIds())

    def decide(unit: Unit) -> None:
        for value in _people():
            save(unit, value)
        for number in range(ROWS):
            for value in _values(number):
                save(unit, value)

    work(decide)
    with database.writer.begin() as connection:
        connection.execute(text("ANALYZE"))


def _people() -> Iterator[Any]:
    for number in range(PEOPLE):
        yield a_user(student(number), Role.STUDENT, created_at=made_at(-number))
        yield a_user(teacher(number), Role.TEACHER, created_at=made_at(-number))
        yield a_balance(teacher(number), last_payout_at=made_at(-number))
    yield a_user("usr_admin", Role.ADMIN)


def _values(number: int) -> Iterator[Any]:
    at, name = made_at(number), f"{number:05d}"
    people: dict[str, Any] = {"student_id": student(number), "created_at": at}
    taught_by: dict[str, Any] = {"teachers": (teacher(number),), **people}
    booking, payment = f"bk_{name}", f"pay_{name}"
    yield a_user(f"usr_{name}", created_at=at)
    yield a_gig(
        f"gig_{name}",
        teachers=teachings(teacher(number)),
        created_at=at,
        is_active=number % 2 == 0,
    )
    yield a_booking(
        booking,
        list(BookingStatus)[number % len(BookingStatus)],
        gig_id=f"gig_{name}",
        payment_status=list(PaymentState)[number % len(PaymentState)],
        starts_at=at + timedelta(days=3),
        **taught_by,
    )
    status = PaymentStatus.SUCCEEDED if number % 9 else PaymentStatus.PENDING
    yield a_payment(payment, status, booking_id=booking, **taught_by)
    yield a_refund(f"re_{name}", payment_id=payment, booking_id=booking, **people)
    yield a_payout(
        f"po_{name}",
        list(PayoutStatus)[number % len(PayoutStatus)],
        teacher_id=teacher(number),
        created_at=at,
    )
    yield a_line(
        f"ern_{name}", teacher_id=teacher(number), booking_id=booking, payment_id=payment, at=at
    )
    yield an_audit_entry(
        f"aud_{name}",
        actor_id=teacher(number),
        subject=f"pay_{number % PEOPLE}",
        action=f"action_{number % PEOPLE}",
        created_at=at,
    )
    yield a_delivery(
        f"evt_{name}",
        received_at=at,
        type=f"type_{number % PEOPLE}",
        state=list(DeliveryState)[number % len(DeliveryState)],
    )
    yield an_entry(f"bank_payout:{name}", at=at)
