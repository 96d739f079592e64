"""What the gateway holds."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen


class GatewayPaymentStatus(StrEnum):
    """Where a payment stands at the gateway."""

    NEEDS_METHOD = "needs_method"
    """Not tried yet, or the last try failed: then `failure` is set."""
    NEEDS_CONFIRMATION = "needs_confirmation"
    NEEDS_ACTION = "needs_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


@frozen(kw_only=True)
class GatewayFailure:
    """Why the last try failed."""

    code: str
    message: str
    decline_code: str | None = None
    advice: str | None = None


@frozen(kw_only=True)
class BalanceTransaction:
    """A movement of the gateway's own balance. `net = amount − fee`; what goes out is negative."""

    id: str
    kind: str
    """charge, refund, refund_failure, transfer, transfer_reversal, dispute, payout or other."""
    amount: int
    fee: int
    net: int
    currency: str
    created_at: datetime
    available_at: datetime
    source: str | None
    """The id of the charge, refund, transfer or dispute that it belongs to."""


@frozen(kw_only=True)
class GatewayPayment:
    """A payment (a PaymentIntent, with its latest charge), as the gateway holds it."""

    id: str
    status: GatewayPaymentStatus
    amount: int
    currency: str
    captured: int = 0
    refunded: int = 0
    """What of `captured` went back, pending refunds included."""
    customer: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    method_type: str | None = None
    payment_method: str | None = None
    card_brand: str | None = None
    card_last4: str | None = None
    charge: str | None = None
    receipt_url: str | None = None
    failure: GatewayFailure | None = None
    balance_transaction: BalanceTransaction | None = None
    """Of the charge; may come later than success."""
    operation: str | None = None
    """Our operation that made it, from its metadata."""
    metadata: Mapping[str, str] = field(factory=dict)
    created_at: datetime


class GatewayRefundStatus(StrEnum):
    """Where a refund stands at the gateway."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@frozen(kw_only=True)
class GatewayRefund:
    """A refund of a payment; `failed` can come weeks after `succeeded`."""

    id: str
    payment: str | None
    charge: str | None
    amount: int
    currency: str
    status: GatewayRefundStatus
    failure_reason: str | None = None
    operation: str | None = None
    created_at: datetime


@frozen(kw_only=True)
class GatewayCustomer:
    """A customer, who owns cards."""

    id: str
    default_card: str | None = None
    operation: str | None = None
    deleted: bool = False


@frozen(kw_only=True)
class GatewayCard:
    """A card; never more of its number than the last four digits."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str | None
    customer: str | None
    """Who it is attached to, if anybody."""


@frozen(kw_only=True)
class GatewayTransfer:
    """Money sent to a connected account."""

    id: str
    account: str
    amount: int
    reversed: int
    currency: str
    operation: str | None = None
    created_at: datetime


@frozen(kw_only=True)
class GatewayAccount:
    """A teacher's connected account."""

    id: str
    charges_enabled: bool
    payouts_enabled: bool
    transfers_enabled: bool
    details_submitted: bool
    operation: str | None = None


@frozen(kw_only=True)
class GatewaySetup:
    """A card being set up without a payment (a SetupIntent)."""

    id: str
    client_secret: str = field(repr=False)


@frozen(kw_only=True)
class GatewayEvent:
    """A verified webhook delivery: a hint that something may have changed.

    `object_id` is the thing that changed, `payment` the payment it belongs to where the delivery
    says so. `facts` are the few further members that some types need, flat and as strings
    (`status`, `customer`, `operation`, `amount`, …). The raw body is kept by the inbox, not here.
    """

    id: str
    type: str
    created_at: datetime
    livemode: bool
    account: str | None
    api_version: str | None
    object_type: str
    object_id: str
    payment: str | None = None
    facts: Mapping[str, str] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        texts = (self.id, self.type, self.object_type, self.object_id, self.payment or "")
        if any("\0" in text for text in (*texts, self.account or "", *self.facts.values())):
            raise ValueError("no database stores the NUL character")
