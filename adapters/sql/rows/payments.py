"""Payments."""

from collections.abc import Sequence
from typing import Any

from attrs import asdict

from adapters.sql.mapper import Row, mapper
from adapters.sql.rows.parts import Json, from_terms, to_terms
from adapters.sql.tables import payments
from domain.ids import BookingId, PaymentId, UserId
from domain.money import Currency, Money, currency
from domain.payments import CardUsed, Failure, Payment, PaymentStatus, Share, Stage


def _from_shares(shares: Sequence[Share]) -> list[dict[str, Any]]:
    return [
        {
            "id": share.teacher_id,
            "agreed": share.agreed.minor,
            "reversed": share.reversed.minor,
        }
        for share in shares
    ]


def _to_shares(data: Sequence[Json], of: Currency) -> tuple[Share, ...]:
    return tuple(
        Share(
            teacher_id=UserId(each["id"]),
            agreed=Money(each["agreed"], of),
            reversed=Money(each["reversed"], of),
        )
        for each in data
    )


def payment_to_row(payment: Payment) -> dict[str, Any]:
    """Write a payment."""
    return {
        "id": payment.id,
        "booking_id": payment.booking_id,
        "student_id": payment.student_id,
        "currency": payment.amount.currency.code,
        "amount": payment.amount.minor,
        "list_amount": payment.list_amount.minor,
        "terms": from_terms(payment.terms),
        "fee": payment.fee.minor,
        "fee_reversed": payment.fee_reversed.minor,
        "shares": _from_shares(payment.shares),
        "status": payment.status,
        "attempt": payment.attempt,
        "stage": payment.stage,
        "read_at": payment.read_at,
        "gateway_id": payment.gateway_id,
        "client_secret": payment.client_secret,
        "charge_id": payment.charge_id,
        "receipt_url": payment.receipt_url,
        "method_type": payment.used.method_type,
        "brand": payment.used.brand,
        "last4": payment.used.last4,
        "failure": None if payment.failure is None else asdict(payment.failure),
        "captured": payment.captured.minor,
        "refunded": payment.refunded.minor,
        "reserved": payment.reserved.minor,
        "lost": payment.lost.minor,
        "unwound": payment.unwound.minor,
        "is_disputed": payment.is_disputed,
        "gateway_fee_booked": payment.gateway_fee_booked,
        "funds_available_at": payment.funds_available_at,
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
        "paid_at": payment.paid_at,
        "refunded_at": payment.refunded_at,
        "version": payment.version,
    }


def payment_from_row(row: Row) -> Payment:
    """Read a payment."""
    of = currency(row.currency)
    return Payment(
        id=PaymentId(row.id),
        booking_id=None if row.booking_id is None else BookingId(row.booking_id),
        student_id=UserId(row.student_id),
        amount=Money(row.amount, of),
        list_amount=Money(row.list_amount, of),
        terms=to_terms(row.terms),
        fee=Money(row.fee, of),
        fee_reversed=Money(row.fee_reversed, of),
        shares=_to_shares(row.shares, of),
        status=PaymentStatus(row.status),
        attempt=row.attempt,
        stage=Stage(row.stage),
        read_at=row.read_at,
        gateway_id=row.gateway_id,
        client_secret=row.client_secret,
        charge_id=row.charge_id,
        receipt_url=row.receipt_url,
        used=CardUsed(method_type=row.method_type, brand=row.brand, last4=row.last4),
        failure=None if row.failure is None else Failure(**row.failure),
        captured=Money(row.captured, of),
        refunded=Money(row.refunded, of),
        reserved=Money(row.reserved, of),
        lost=Money(row.lost, of),
        unwound=Money(row.unwound, of),
        is_disputed=row.is_disputed,
        gateway_fee_booked=row.gateway_fee_booked,
        funds_available_at=row.funds_available_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        paid_at=row.paid_at,
        refunded_at=row.refunded_at,
        version=row.version,
    )


def teacher_rows(payment: Payment) -> list[dict[str, Any]]:
    """Return the rows by which the payment is found by who shares it."""
    return [
        {
            "payment_id": payment.id,
            "teacher_id": share.teacher_id,
            "created_at": payment.created_at,
        }
        for share in payment.shares
    ]


PAYMENTS = mapper("This payment", payments, payment_to_row, payment_from_row)
