"""A payment and its life, and what may be refunded; see docs/domain.md."""

from domain.payments.errors import (
    AmountTooLarge,
    AmountTooSmall,
    PaymentDisputed,
    PaymentStateConflict,
    RefundExceedsRefundable,
)
from domain.payments.parts import CardUsed, Failure, Legs, Observation, Share
from domain.payments.payment import Payment
from domain.payments.speaking import speaks_for_booking
from domain.payments.states import CAPTURED, LIVE, PAYS, PaymentStatus, Stage

__all__ = [
    "CAPTURED",
    "LIVE",
    "PAYS",
    "AmountTooLarge",
    "AmountTooSmall",
    "CardUsed",
    "Failure",
    "Legs",
    "Observation",
    "Payment",
    "PaymentDisputed",
    "PaymentStateConflict",
    "PaymentStatus",
    "RefundExceedsRefundable",
    "Share",
    "Stage",
    "speaks_for_booking",
]
