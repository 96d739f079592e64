"""Refunds."""

from typing import Any

from adapters.sql.mapper import Row, mapper
from adapters.sql.rows.parts import Json
from adapters.sql.tables import refunds
from domain.ids import BookingId, PaymentId, RefundId, UserId
from domain.money import Currency, Money, currency
from domain.payments import Legs
from domain.policies import Fault
from domain.refunds import Refund, RefundCause, RefundStatus


def _from_legs(legs: Legs) -> dict[str, Any]:
    return {
        "fee": legs.fee.minor,
        "teachers": [leg.minor for leg in legs.teachers],
        "goodwill": legs.goodwill.minor,
        "suspense": legs.suspense.minor,
    }


def _to_legs(data: Json, of: Currency) -> Legs:
    return Legs(
        fee=Money(data["fee"], of),
        teachers=tuple(Money(leg, of) for leg in data["teachers"]),
        goodwill=Money(data["goodwill"], of),
        suspense=Money(data["suspense"], of),
    )


def refund_to_row(refund: Refund) -> dict[str, Any]:
    """Write a refund."""
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "booking_id": refund.booking_id,
        "student_id": refund.student_id,
        "currency": refund.amount.currency.code,
        "amount": refund.amount.minor,
        "reason": refund.reason,
        "fault": refund.fault,
        "teacher_keeps": refund.teacher_keeps,
        "cause": refund.cause,
        "legs": _from_legs(refund.legs),
        "promotion": refund.promotion.minor,
        "requested_by": refund.requested_by,
        "status": refund.status,
        "gateway_id": refund.gateway_id,
        "failure_reason": refund.failure_reason,
        "has_succeeded": refund.has_succeeded,
        "is_owed": refund.is_owed,
        "settles": refund.settles,
        "created_at": refund.created_at,
        "updated_at": refund.updated_at,
        "version": refund.version,
    }


def refund_from_row(row: Row) -> Refund:
    """Read a refund."""
    of = currency(row.currency)
    return Refund(
        id=RefundId(row.id),
        payment_id=PaymentId(row.payment_id),
        booking_id=None if row.booking_id is None else BookingId(row.booking_id),
        student_id=UserId(row.student_id),
        amount=Money(row.amount, of),
        reason=row.reason,
        fault=Fault(row.fault),
        teacher_keeps=row.teacher_keeps,
        cause=RefundCause(row.cause),
        legs=_to_legs(row.legs, of),
        promotion=Money(row.promotion, of),
        requested_by=None if row.requested_by is None else UserId(row.requested_by),
        status=RefundStatus(row.status),
        gateway_id=row.gateway_id,
        failure_reason=row.failure_reason,
        has_succeeded=row.has_succeeded,
        is_owed=row.is_owed,
        settles=None if row.settles is None else RefundId(row.settles),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


REFUNDS = mapper("This refund", refunds, refund_to_row, refund_from_row)
