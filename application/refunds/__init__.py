"""Giving money back: full or in part, by staff, teachers and students."""

from application.refunds.looking import GetRefund, ListRefunds
from application.refunds.owed import MarkOwedPaid, RetryOwedRefund
from application.refunds.requesting import RefundPayment
from application.refunds.sending import Sending

__all__ = [
    "GetRefund",
    "ListRefunds",
    "MarkOwedPaid",
    "RefundPayment",
    "RetryOwedRefund",
    "Sending",
]
