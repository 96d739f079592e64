"""Connected accounts, balances, lines of statements, payouts."""

from typing import Any

from adapters.sql.mapper import Row, mapper
from adapters.sql.tables import earning_lines, payouts, teacher_accounts, teacher_balances
from domain.earnings import (
    EarningKind,
    EarningLine,
    Payout,
    PayoutMethod,
    PayoutStatus,
    TeacherAccount,
    TeacherBalance,
)
from domain.ids import BookingId, EarningId, PaymentId, PayoutId, UserId
from domain.money import Money, currency


def account_to_row(account: TeacherAccount) -> dict[str, Any]:
    """Write a connected account."""
    return {
        "teacher_id": account.teacher_id,
        "gateway_id": account.gateway_id,
        "charges_enabled": account.charges_enabled,
        "payouts_enabled": account.payouts_enabled,
        "transfers_enabled": account.transfers_enabled,
        "details_submitted": account.details_submitted,
        "created_at": account.created_at,
        "updated_at": account.updated_at,
        "version": account.version,
    }


def account_from_row(row: Row) -> TeacherAccount:
    """Read a connected account."""
    return TeacherAccount(
        teacher_id=UserId(row.teacher_id),
        gateway_id=row.gateway_id,
        charges_enabled=row.charges_enabled,
        payouts_enabled=row.payouts_enabled,
        transfers_enabled=row.transfers_enabled,
        details_submitted=row.details_submitted,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def balance_to_row(balance: TeacherBalance) -> dict[str, Any]:
    """Write a balance."""
    return {
        "teacher_id": balance.teacher_id,
        "currency": balance.currency.code,
        "payable": balance.payable.minor,
        "held": balance.held.minor,
        "receivable": balance.receivable.minor,
        "in_flight": balance.in_flight.minor,
        "paid": balance.paid.minor,
        "last_payout_at": balance.last_payout_at,
        "version": balance.version,
    }


def balance_from_row(row: Row) -> TeacherBalance:
    """Read a balance."""
    of = currency(row.currency)
    return TeacherBalance(
        teacher_id=UserId(row.teacher_id),
        currency=of,
        payable=Money(row.payable, of),
        held=Money(row.held, of),
        receivable=Money(row.receivable, of),
        in_flight=Money(row.in_flight, of),
        paid=Money(row.paid, of),
        last_payout_at=row.last_payout_at,
        version=row.version,
    )


def line_to_row(line: EarningLine) -> dict[str, Any]:
    """Write a line of a statement."""
    return {
        "id": line.id,
        "teacher_id": line.teacher_id,
        "kind": line.kind,
        "currency": line.amount.currency.code,
        "amount": line.amount.minor,
        "booking_id": line.booking_id,
        "payment_id": line.payment_id,
        "reason": line.reason,
        "at": line.at,
        "available_at": line.available_at,
        "payout_id": line.payout_id,
        "version": line.version,
    }


def line_from_row(row: Row) -> EarningLine:
    """Read a line of a statement."""
    return EarningLine(
        id=EarningId(row.id),
        teacher_id=UserId(row.teacher_id),
        kind=EarningKind(row.kind),
        amount=Money(row.amount, currency(row.currency)),
        booking_id=None if row.booking_id is None else BookingId(row.booking_id),
        payment_id=None if row.payment_id is None else PaymentId(row.payment_id),
        reason=row.reason,
        at=row.at,
        available_at=row.available_at,
        payout_id=None if row.payout_id is None else PayoutId(row.payout_id),
        version=row.version,
    )


def payout_to_row(payout: Payout) -> dict[str, Any]:
    """Write a payout."""
    return {
        "id": payout.id,
        "teacher_id": payout.teacher_id,
        "currency": payout.amount.currency.code,
        "amount": payout.amount.minor,
        "reversed": payout.reversed.minor,
        "method": payout.method,
        "status": payout.status,
        "gateway_id": payout.gateway_id,
        "reference": payout.reference,
        "failure_reason": payout.failure_reason,
        "created_at": payout.created_at,
        "updated_at": payout.updated_at,
        "paid_at": payout.paid_at,
        "version": payout.version,
    }


def payout_from_row(row: Row) -> Payout:
    """Read a payout."""
    of = currency(row.currency)
    return Payout(
        id=PayoutId(row.id),
        teacher_id=UserId(row.teacher_id),
        amount=Money(row.amount, of),
        reversed=Money(row.reversed, of),
        method=PayoutMethod(row.method),
        status=PayoutStatus(row.status),
        gateway_id=row.gateway_id,
        reference=row.reference,
        failure_reason=row.failure_reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
        paid_at=row.paid_at,
        version=row.version,
    )


ACCOUNTS = mapper("This account", teacher_accounts, account_to_row, account_from_row)
BALANCES = mapper("This balance", teacher_balances, balance_to_row, balance_from_row)
LINES = mapper("This line", earning_lines, line_to_row, line_from_row)
PAYOUTS = mapper("This payout", payouts, payout_to_row, payout_from_row)
