"""The table of all kinds."""

from typing import Any

from application.effects import Effect
from application.gateway_effects.accounts import CreateAccount
from application.gateway_effects.customers import (
    AttachCard,
    CreateCustomer,
    DetachCard,
    SetDefaultCard,
)
from application.gateway_effects.payments import (
    CancelPayment,
    ConfirmPayment,
    CreatePayment,
)
from application.gateway_effects.sending import CreateRefund, CreateTransfer

EFFECTS: tuple[type[Any], ...] = (
    CreatePayment,
    ConfirmPayment,
    CancelPayment,
    CreateRefund,
    CreateTransfer,
    CreateCustomer,
    AttachCard,
    DetachCard,
    SetDefaultCard,
    CreateAccount,
)
"""Every kind of effect; the composition root builds one of each."""


def by_kind(effects: tuple[Effect, ...]) -> dict[str, Effect]:
    """Index effects by their kind."""
    return {effect.kind: effect for effect in effects}
