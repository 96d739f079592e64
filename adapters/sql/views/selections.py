"""What each filter selects. Every one is bounded by an index that has its order."""

from typing import Any

from sqlalchemy import Column, Select, Table, or_, select

from adapters.sql.tables import (
    audit_log,
    booking_teachers,
    bookings,
    deliveries,
    earning_lines,
    gig_teachers,
    gigs,
    payment_teachers,
    payments,
    payouts,
    refund_teachers,
    refunds,
    users,
)
from adapters.sql.views.paging import Selection
from application.ports.storage import (
    AuditFilter,
    BookingFilter,
    DeliveryFilter,
    EarningFilter,
    GigFilter,
    PaymentFilter,
    PayoutFilter,
    RefundFilter,
    UserFilter,
)
from domain.ids import UserId


def _all_of(table: Table) -> Selection:
    return Selection(select(table), table.c.created_at, table.c.id)


def _of_teacher(table: Table, teachers: Table, id: Column[Any], teacher: UserId) -> Selection:
    """Begin at the rows that find a table's values by teacher; they carry the order as well."""
    statement: Select[Any] = select(table).join(teachers, id == table.c.id)
    return Selection(statement.where(teachers.c.teacher_id == teacher), teachers.c.created_at, id)


def select_users(where: UserFilter) -> Selection:
    """Return the users that a filter wants."""
    selection = _all_of(users).equal(users.c.role, where.role).within(where.created)
    if not where.q:
        return selection
    return selection.where(users.c.search.contains(where.q.casefold(), autoescape=True))


def select_gigs(where: GigFilter) -> Selection:
    """Return the gigs that a filter wants."""
    selection = (
        _all_of(gigs)
        if where.teacher_id is None
        else _of_teacher(gigs, gig_teachers, gig_teachers.c.gig_id, where.teacher_id)
    )
    selection = selection.equal(gigs.c.currency, where.currency).within(where.created)
    if where.active_only:
        selection = selection.where(gigs.c.is_active)
    if not where.q:
        return selection
    return selection.where(gigs.c.search.contains(where.q.casefold(), autoescape=True))


def select_bookings(where: BookingFilter) -> Selection:
    """Return the bookings that a filter wants."""
    selection = (
        _all_of(bookings)
        if where.teacher_id is None
        else _of_teacher(
            bookings, booking_teachers, booking_teachers.c.booking_id, where.teacher_id
        )
    )
    return (
        selection.equal(bookings.c.student_id, where.student_id)
        .equal(bookings.c.status, where.status)
        .equal(bookings.c.payment_status, where.payment_status)
        .within(where.starts, bookings.c.starts_at)
        .within(where.created)
    )


def select_payments(where: PaymentFilter) -> Selection:
    """Return the payments that a filter wants."""
    selection = (
        _all_of(payments)
        if where.teacher_id is None
        else _of_teacher(
            payments, payment_teachers, payment_teachers.c.payment_id, where.teacher_id
        )
    )
    selection = (
        selection.equal(payments.c.student_id, where.student_id)
        .equal(payments.c.booking_id, where.booking_id)
        .equal(payments.c.status, where.status)
        .equal(payments.c.currency, where.currency)
        .equal(payments.c.method_type, where.method_type)
        .within(where.created)
    )
    return _search_payments(selection, where.q) if where.q else selection


def _search_payments(selection: Selection, q: str) -> Selection:
    people = select(users.c.id).where(users.c.email_key.contains(q.casefold(), autoescape=True))
    taught = select(payment_teachers.c.payment_id).where(payment_teachers.c.teacher_id.in_(people))
    return selection.where(
        or_(
            payments.c.id == q,
            payments.c.gateway_id == q,
            payments.c.charge_id == q,
            payments.c.student_id.in_(people),
            payments.c.id.in_(taught),
        )
    )


def select_refunds(where: RefundFilter) -> Selection:
    """Return the refunds that a filter wants."""
    selection = (
        _all_of(refunds)
        if where.teacher_id is None
        else _of_teacher(refunds, refund_teachers, refund_teachers.c.refund_id, where.teacher_id)
    )
    return (
        selection.equal(refunds.c.student_id, where.student_id)
        .equal(refunds.c.payment_id, where.payment_id)
        .equal(refunds.c.status, where.status)
        .within(where.created)
    )


def select_payouts(where: PayoutFilter) -> Selection:
    """Return the payouts that a filter wants."""
    return (
        _all_of(payouts)
        .equal(payouts.c.teacher_id, where.teacher_id)
        .equal(payouts.c.status, where.status)
        .within(where.created)
    )


def select_earnings(where: EarningFilter) -> Selection:
    """Return the lines of a statement that a filter wants."""
    return (
        Selection(select(earning_lines), earning_lines.c.at, earning_lines.c.id)
        .where(earning_lines.c.teacher_id == where.teacher_id)
        .equal(earning_lines.c.currency, where.currency)
        .within(where.created)
    )


def select_audit(where: AuditFilter) -> Selection:
    """Return the entries of the audit log that a filter wants."""
    return (
        _all_of(audit_log)
        .equal(audit_log.c.actor_id, where.actor_id)
        .equal(audit_log.c.subject, where.subject)
        .equal(audit_log.c.action, where.action)
        .within(where.created)
    )


def select_deliveries(where: DeliveryFilter) -> Selection:
    """Return the received webhooks that a filter wants."""
    return (
        Selection(select(deliveries), deliveries.c.received_at, deliveries.c.id)
        .equal(deliveries.c.state, where.state)
        .equal(deliveries.c.type, where.type)
        .within(where.created)
    )
