"""The kinds of effects on the gateway: how each is sent, found again, and booked either way.

A new kind is a class here and a line in `EFFECTS`; recovery, crash tests and the worker find it by
itself.
"""

from application.gateway_effects.accounts import CreateAccount, apply_account
from application.gateway_effects.customers import (
    AttachCard,
    CreateCustomer,
    DetachCard,
    SetDefaultCard,
)
from application.gateway_effects.kinds import EFFECTS, by_kind
from application.gateway_effects.payments import CancelPayment, ConfirmPayment, CreatePayment
from application.gateway_effects.sending import CreateRefund, CreateTransfer

__all__ = [
    "EFFECTS",
    "AttachCard",
    "CancelPayment",
    "ConfirmPayment",
    "CreateAccount",
    "CreateCustomer",
    "CreatePayment",
    "CreateRefund",
    "CreateTransfer",
    "DetachCard",
    "SetDefaultCard",
    "apply_account",
    "by_kind",
]
