"""The payment gateway, in our words.

Every call that changes something takes `key`, an idempotency key that stands for one attempt of one
operation, and puts `operation` into the metadata of what it makes, so that the effect can be found
again when an answer is lost. Amounts are in minor units of a lower-case ISO currency, because a
request is stored and sent again verbatim: requests hold nothing but primitives.

A method raises only what `errors` names. All of them raise `BrokenInvariant` when a unit of work is
open: a gateway is never called inside a database transaction.
"""

from application.ports.gateway.asked import (
    Confirmation,
    NewAccount,
    NewCustomer,
    NewPayment,
    NewRefund,
    NewTransfer,
)
from application.ports.gateway.errors import (
    AuthenticationRequired,
    BadSignature,
    Declined,
    GatewayBusy,
    GatewayError,
    GatewayRefused,
    KeyReused,
    OutcomeUnknown,
)
from application.ports.gateway.held import (
    BalanceTransaction,
    GatewayAccount,
    GatewayCard,
    GatewayCustomer,
    GatewayEvent,
    GatewayFailure,
    GatewayPayment,
    GatewayPaymentStatus,
    GatewayRefund,
    GatewayRefundStatus,
    GatewaySetup,
    GatewayTransfer,
)
from application.ports.gateway.limits import ChargeLimit, ChargeLimits
from application.ports.gateway.roles import (
    AccountsGateway,
    CardsGateway,
    CustomersGateway,
    GatewayBooks,
    PaymentsGateway,
    RefundsGateway,
    TransfersGateway,
    WebhookDecoder,
)
from application.ports.gateway.whole import Gateway, GatewayProfile

__all__ = [
    "AccountsGateway",
    "AuthenticationRequired",
    "BadSignature",
    "BalanceTransaction",
    "CardsGateway",
    "ChargeLimit",
    "ChargeLimits",
    "Confirmation",
    "CustomersGateway",
    "Declined",
    "Gateway",
    "GatewayAccount",
    "GatewayBooks",
    "GatewayBusy",
    "GatewayCard",
    "GatewayCustomer",
    "GatewayError",
    "GatewayEvent",
    "GatewayFailure",
    "GatewayPayment",
    "GatewayPaymentStatus",
    "GatewayProfile",
    "GatewayRefund",
    "GatewayRefundStatus",
    "GatewayRefused",
    "GatewaySetup",
    "GatewayTransfer",
    "KeyReused",
    "NewAccount",
    "NewCustomer",
    "NewPayment",
    "NewRefund",
    "NewTransfer",
    "OutcomeUnknown",
    "PaymentsGateway",
    "RefundsGateway",
    "TransfersGateway",
    "WebhookDecoder",
]
