"""The methods of the port that change the world, by name."""

from collections.abc import Mapping
from typing import Any

from adapters.fake import customers, methods, payments, refunds, transfers
from adapters.fake.wire import Effect
from application.ports.gateway import (
    Confirmation,
    GatewayAccount,
    GatewayCard,
    GatewayCustomer,
    GatewayPayment,
    GatewayRefund,
    GatewaySetup,
    GatewayTransfer,
    NewAccount,
    NewCustomer,
    NewPayment,
    NewRefund,
    NewTransfer,
)

CREATE_PAYMENT = Effect("create_payment", NewPayment, GatewayPayment, payments.create_payment)
CONFIRM_PAYMENT = Effect("confirm_payment", Confirmation, GatewayPayment, payments.confirm_payment)
CANCEL_PAYMENT = Effect(
    "cancel_payment", payments.CancelPayment, GatewayPayment, payments.cancel_payment
)
CONFIRM_IN_BROWSER = Effect(
    "confirm_in_browser", payments.BrowserConfirmation, GatewayPayment, payments.confirm_in_browser
)
CREATE_REFUND = Effect("create_refund", NewRefund, GatewayRefund, refunds.create_refund)
CREATE_CUSTOMER = Effect("create_customer", NewCustomer, GatewayCustomer, customers.create_customer)
SET_DEFAULT_CARD = Effect(
    "set_default_card", customers.SetDefaultCard, type(None), customers.set_default_card
)
SET_UP_CARD = Effect("set_up_card", customers.SetUpCard, GatewaySetup, customers.set_up_card)
READ_CARD = Effect("card", methods.ReadCard, GatewayCard, methods.read_card)
ATTACH_CARD = Effect("attach_card", methods.AttachCard, GatewayCard, methods.attach_card)
DETACH_CARD = Effect("detach_card", methods.DetachCard, GatewayCard, methods.detach_card)
CREATE_TRANSFER = Effect("create_transfer", NewTransfer, GatewayTransfer, transfers.create_transfer)
CREATE_ACCOUNT = Effect("create_account", NewAccount, GatewayAccount, transfers.create_account)

EFFECTS: Mapping[str, Effect[Any, Any]] = {
    effect.method: effect
    for effect in (
        CREATE_PAYMENT,
        CONFIRM_PAYMENT,
        CANCEL_PAYMENT,
        CONFIRM_IN_BROWSER,
        CREATE_REFUND,
        CREATE_CUSTOMER,
        SET_DEFAULT_CARD,
        SET_UP_CARD,
        READ_CARD,
        ATTACH_CARD,
        DETACH_CARD,
        CREATE_TRANSFER,
        CREATE_ACCOUNT,
    )
}

LOOKS = frozenset(
    {
        "payment",
        "find_payment",
        "refund",
        "find_refund",
        "find_customer",
        "customer",
        "billing_portal",
        "cards_of",
        "transfer",
        "find_transfer",
        "account",
        "find_account",
        "onboarding_link",
        "balances",
        "balance_transactions",
        "charge_transaction",
    }
)
"""The methods that change nothing."""

METHODS = LOOKS | EFFECTS.keys()
"""All that a fault can strike."""
