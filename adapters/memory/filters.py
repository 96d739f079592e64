"""Filters of the views: each returns the test that a row must pass."""

from collections.abc import Callable
from datetime import datetime

from adapters.memory.database import Database
from adapters.memory.tables import Drafts
from application.ports.records import AuditEntry, Delivery
from application.ports.storage import (
    AuditFilter,
    BookingFilter,
    Created,
    DeliveryFilter,
    EarningFilter,
    GigFilter,
    PaymentFilter,
    PayoutFilter,
    RefundFilter,
    UserFilter,
)
from domain.bookings import Booking
from domain.earnings import EarningLine, Payout
from domain.gigs import Gig
from domain.ids import UserId
from domain.payments import Payment
from domain.people import User
from domain.refunds import Refund


def users(_: Drafts, __: Database, where: UserFilter) -> Callable[[User], bool]:
    """Match users."""

    def matches(user: User) -> bool:
        return (
            _is(where.role, user.role)
            and _contains(where.q, user.id, user.name, user.email)
            and _within(where.created, user.created_at)
        )

    return matches


def gigs(_: Drafts, __: Database, where: GigFilter) -> Callable[[Gig], bool]:
    """Match gigs."""

    def matches(gig: Gig) -> bool:
        return (
            (gig.is_active or not where.active_only)
            and (where.teacher_id is None or gig.is_taught_by(where.teacher_id))
            and _is(where.currency, gig.hourly_rate.currency.code)
            and _contains(where.q, gig.title, gig.description)
            and _within(where.created, gig.created_at)
        )

    return matches


def bookings(_: Drafts, __: Database, where: BookingFilter) -> Callable[[Booking], bool]:
    """Match bookings."""

    def matches(booking: Booking) -> bool:
        return (
            _is(where.student_id, booking.student_id)
            and (where.teacher_id is None or booking.is_taught_by(where.teacher_id))
            and _is(where.status, booking.status)
            and _is(where.payment_status, booking.payment_status)
            and _within(where.starts, booking.period.start)
            and _within(where.created, booking.created_at)
        )

    return matches


def payments(drafts: Drafts, database: Database, where: PaymentFilter) -> Callable[[Payment], bool]:
    """Match payments; `q` looks people up."""
    people = drafts.of(database.users)

    def email_of(user_id: UserId) -> str:
        user = people.find(user_id)
        return "" if user is None else user.email

    def is_meant(payment: Payment) -> bool:
        if not where.q or where.q in {payment.id, payment.gateway_id, payment.charge_id}:
            return True
        teachers = (email_of(share.teacher_id) for share in payment.shares)
        return _contains(where.q, email_of(payment.student_id), *teachers)

    def matches(payment: Payment) -> bool:
        return (
            _is(where.student_id, payment.student_id)
            and (where.teacher_id is None or payment.is_received_by(where.teacher_id))
            and _is(where.booking_id, payment.booking_id)
            and _is(where.status, payment.status)
            and _is(where.currency, payment.amount.currency.code)
            and _is(where.method_type, payment.used.method_type)
            and _within(where.created, payment.created_at)
            and is_meant(payment)
        )

    return matches


def refunds(drafts: Drafts, database: Database, where: RefundFilter) -> Callable[[Refund], bool]:
    """Match refunds; a teacher's are those of the payments that they share."""
    all_payments = drafts.of(database.payments)

    def is_borne_by(teacher: UserId, refund: Refund) -> bool:
        payment = all_payments.find(refund.payment_id)
        return payment is not None and payment.is_received_by(teacher)

    def matches(refund: Refund) -> bool:
        return (
            _is(where.student_id, refund.student_id)
            and _is(where.payment_id, refund.payment_id)
            and _is(where.status, refund.status)
            and _within(where.created, refund.created_at)
            and (where.teacher_id is None or is_borne_by(where.teacher_id, refund))
        )

    return matches


def payouts(_: Drafts, __: Database, where: PayoutFilter) -> Callable[[Payout], bool]:
    """Match payouts."""

    def matches(payout: Payout) -> bool:
        return (
            _is(where.teacher_id, payout.teacher_id)
            and _is(where.status, payout.status)
            and _within(where.created, payout.created_at)
        )

    return matches


def earnings(_: Drafts, __: Database, where: EarningFilter) -> Callable[[EarningLine], bool]:
    """Match lines of statements."""

    def matches(line: EarningLine) -> bool:
        return (
            line.teacher_id == where.teacher_id
            and _is(where.currency, line.amount.currency.code)
            and _within(where.created, line.at)
        )

    return matches


def audit(_: Drafts, __: Database, where: AuditFilter) -> Callable[[AuditEntry], bool]:
    """Match entries of the audit log."""

    def matches(entry: AuditEntry) -> bool:
        return (
            _is(where.actor_id, entry.actor_id)
            and _is(where.subject, entry.subject)
            and _is(where.action, entry.action)
            and _within(where.created, entry.created_at)
        )

    return matches


def deliveries(_: Drafts, __: Database, where: DeliveryFilter) -> Callable[[Delivery], bool]:
    """Match received webhooks."""

    def matches(delivery: Delivery) -> bool:
        return (
            _is(where.state, delivery.state)
            and _is(where.type, delivery.type)
            and _within(where.created, delivery.received_at)
        )

    return matches


def _is(wanted: str | None, actual: str | None) -> bool:
    return wanted is None or wanted == actual


def _contains(q: str | None, *texts: str) -> bool:
    return not q or any(q.casefold() in text.casefold() for text in texts)


def _within(window: Created, at: datetime) -> bool:
    return (window.since is None or at >= window.since) and (
        window.until is None or at < window.until
    )
