"""Paying for a booking: in the browser, or from the server with a saved card."""

from application.payments.charging import OpenedPayment, PaymentInProgress
from application.payments.from_server import ProcessPayment
from application.payments.in_browser import ConfirmPayment, CreatePaymentIntent
from application.payments.looking import GetPayment, ListPayments, may_see

__all__ = [
    "ConfirmPayment",
    "CreatePaymentIntent",
    "GetPayment",
    "ListPayments",
    "OpenedPayment",
    "PaymentInProgress",
    "ProcessPayment",
    "may_see",
]
