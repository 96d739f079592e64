"""The payment gateway, in our words.

Every call that changes something takes `key`, an idempotency key that stands for one attempt of one
operation, and puts `operation` into the metadata of what it makes, so that the effect can be found
again when an answer is lost. Amounts are in minor units of a lower-case ISO currency, because a
request is stored and sent again verbatim: requests hold nothing but primitives.

A method raises only the errors below. All of them raise `BrokenInvariant` when a unit of work is
open: a gateway is never called inside a database transaction.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

# --- What a call may raise ---------------------------------------------------------------------


class GatewayError(Exception):
    """Something about a call to the gateway; `str(error)` is safe to log."""


class Declined(GatewayError):
    """The bank said no: definite.

    `code` and `decline_code` are the gateway's. `advice` is one of `try_again_later`,
    `confirm_card_data`, `do_not_try_again`, `use_another_card`. `payment` is what the gateway holds
    of the payment, when it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        decline_code: str | None = None,
        advice: str | None = None,
        payment: "GatewayPayment | None" = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.decline_code = decline_code
        self.advice = advice
        self.payment = payment


class AuthenticationRequired(Declined):
    """The bank wants the cardholder present (3-D Secure); charging without them was refused."""


class GatewayRefused(GatewayError):
    """Our request is wrong or names something absent: definite, and the same again will fail too.

    `code` is the gateway's code, such as `resource_missing` or `charge_already_refunded`.
    `param` names the parameter at fault where the gateway told.
    """

    def __init__(
        self, message: str, *, code: str = "invalid_request", param: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


class KeyReused(GatewayRefused):
    """The key was used with other parameters: our bug, and an earlier call ran. Probe."""


class GatewayBusy(GatewayError):
    """Not executed, try later with the same key: another call holds a lock, or too many calls."""


class OutcomeUnknown(GatewayError):
    """It may have happened: a timeout, a reset, a 5xx. Probe, then the same key again."""


class BadSignature(GatewayError):
    """The delivery is not from the gateway, or stale, or altered."""


# --- What the gateway holds ---------------------------------------------------------------------


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


# --- What we ask of it --------------------------------------------------------------------------


@frozen(kw_only=True)
class NewPayment:
    """Ask for a payment. With `payment_method` it is confirmed at once, from the server.

    `on_session` tells whether the payer is there to pass 3-D Secure. `save_card` keeps the method
    attached to the customer for later payments.
    """

    operation: str
    amount: int
    currency: str
    customer: str
    description: str
    transfer_group: str
    metadata: Mapping[str, str]
    payment_method: str | None = None
    on_session: bool = True
    save_card: bool = False


@frozen(kw_only=True)
class Confirmation:
    """Try an existing payment again with a saved or fresh payment method."""

    operation: str
    payment: str
    payment_method: str
    on_session: bool = True
    save_card: bool = False


@frozen(kw_only=True)
class NewRefund:
    """Ask to give back some of a payment."""

    operation: str
    payment: str
    amount: int
    currency: str
    metadata: Mapping[str, str]


@frozen(kw_only=True)
class NewTransfer:
    """Ask to send money to a connected account.

    `source_charge` ties it to the funds of one charge, so that it needs no settled balance.
    """

    operation: str
    account: str
    amount: int
    currency: str
    transfer_group: str
    metadata: Mapping[str, str]
    source_charge: str | None = None


@frozen(kw_only=True)
class NewCustomer:
    """Ask for a customer for one of our users."""

    operation: str
    user: str
    email: str
    name: str


@frozen(kw_only=True)
class NewAccount:
    """Ask for a connected account for a teacher."""

    operation: str
    teacher: str
    email: str


class PaymentsGateway(Protocol):
    """Payments and what became of them."""

    def create_payment(self, request: NewPayment, *, key: str) -> GatewayPayment:
        """Make a payment; with a payment method, also try it. Raises `Declined` when it was tried
        and refused; the payment exists then too (`error.payment`).
        """
        ...

    def confirm_payment(self, request: Confirmation, *, key: str) -> GatewayPayment:
        """Try the payment again, from the server. Raises `Declined`."""
        ...

    def cancel_payment(self, payment: str, *, key: str) -> GatewayPayment:
        """Cancel a payment that has not succeeded. Raises `GatewayRefused` with code
        `payment_intent_unexpected_state` when it is too late; ask `payment` then.
        """
        ...

    def payment(self, payment: str) -> GatewayPayment:
        """Read a payment as it is now, its charge and balance transaction included."""
        ...

    def find_payment(
        self, operation: str, *, customer: str, since: datetime
    ) -> GatewayPayment | None:
        """Find the payment that an operation made, among the customer's since then."""
        ...


class RefundsGateway(Protocol):
    """Money going back to payers."""

    def create_refund(self, request: NewRefund, *, key: str) -> GatewayRefund:
        """Give back some of a payment; the outcome may be pending."""
        ...

    def refund(self, refund: str) -> GatewayRefund:
        """Read a refund as it is now."""
        ...

    def find_refund(self, operation: str, *, payment: str) -> GatewayRefund | None:
        """Find the refund that an operation made, among the payment's."""
        ...


class CustomersGateway(Protocol):
    """Customers."""

    def create_customer(self, request: NewCustomer, *, key: str) -> GatewayCustomer:
        """Make a customer for one of our users."""
        ...

    def find_customer(
        self, operation: str, *, email: str, since: datetime
    ) -> GatewayCustomer | None:
        """Find the customer that an operation made."""
        ...

    def customer(self, customer: str) -> GatewayCustomer:
        """Read a customer as it is now, with the default card for invoices."""
        ...

    def set_default_card(self, customer: str, card: str | None, *, key: str) -> None:
        """Set, or clear, the card that invoices are charged to."""
        ...

    def billing_portal(self, customer: str, *, return_url: str | None) -> str:
        """Open a portal session and return its URL."""
        ...


class CardsGateway(Protocol):
    """Cards on file."""

    def card(self, card: str) -> GatewayCard:
        """Read a card (`pm_…`). Raises `GatewayRefused` when there is none."""
        ...

    def attach_card(self, card: str, *, customer: str, key: str) -> GatewayCard:
        """Attach a card to a customer. Raises `Declined` when the bank refuses it. A test token
        such as `pm_card_visa` becomes a card with an id of its own; read the id from the answer.
        """
        ...

    def detach_card(self, card: str, *, key: str) -> GatewayCard:
        """Detach a card for good."""
        ...

    def cards_of(self, customer: str) -> tuple[GatewayCard, ...]:
        """List the cards that are attached to a customer, newest first."""
        ...

    def set_up_card(self, customer: str) -> GatewaySetup:
        """Begin to add a card with the gateway's own form in the browser."""
        ...


class TransfersGateway(Protocol):
    """Money going to teachers."""

    def create_transfer(self, request: NewTransfer, *, key: str) -> GatewayTransfer:
        """Send money to a connected account."""
        ...

    def transfer(self, transfer: str) -> GatewayTransfer:
        """Read a transfer as it is now."""
        ...

    def find_transfer(self, operation: str, *, transfer_group: str) -> GatewayTransfer | None:
        """Find the transfer that an operation made, within its group."""
        ...


class AccountsGateway(Protocol):
    """Teachers' connected accounts."""

    def create_account(self, request: NewAccount, *, key: str) -> GatewayAccount:
        """Make a connected account that can receive transfers."""
        ...

    def account(self, account: str) -> GatewayAccount:
        """Read an account as it is now."""
        ...

    def find_account(self, operation: str, *, since: datetime) -> GatewayAccount | None:
        """Find the account that an operation made."""
        ...

    def onboarding_link(self, account: str, *, return_url: str) -> str:
        """Return a URL under which the teacher tells the gateway who they are."""
        ...


class GatewayBooks(Protocol):
    """The gateway's own account of our money, to prove ours against."""

    def balances(self) -> Mapping[str, int]:
        """Return what the gateway holds for us, available and pending together, by currency."""
        ...

    def balance_transactions(
        self, *, since: datetime | None = None
    ) -> Iterator[BalanceTransaction]:
        """Stream the movements of the balance, newest first, page by page."""
        ...

    def charge_transaction(self, charge: str) -> BalanceTransaction | None:
        """Return the movement that a charge made; None while the gateway has not settled it."""
        ...


class WebhookDecoder(Protocol):
    """Verify and read what the gateway delivers."""

    def decode(self, body: bytes, signature: str | None) -> GatewayEvent:
        """Check the signature over the raw body and read the event. Raises `BadSignature`."""
        ...


@frozen(kw_only=True)
class ChargeLimit:
    """The smallest amount that can be charged in a currency, and the step amounts must keep."""

    minimum: int
    step: int = 1


@frozen(kw_only=True)
class GatewayProfile:
    """What clients may know of the gateway that is plugged in."""

    name: str
    """`stripe` or `fake`."""
    livemode: bool
    test_cards_allowed: bool
    publishable_key: str
    api_version: str


@frozen(kw_only=True)
class Gateway:
    """A payment gateway whole, split by role."""

    profile: GatewayProfile
    payments: PaymentsGateway
    refunds: RefundsGateway
    customers: CustomersGateway
    cards: CardsGateway
    transfers: TransfersGateway
    accounts: AccountsGateway
    books: GatewayBooks
    webhooks: WebhookDecoder


class ChargeLimits(Protocol):
    """What the gateway can charge in a currency."""

    def __call__(self, currency: str) -> ChargeLimit:
        """Return the limits of a currency; raises `InvalidField` for one it cannot charge."""
        ...
