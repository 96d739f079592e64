"""What the world is made of: frozen values, each kept as one row of JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

from attrs import field, frozen

from adapters.stripe_facts import CardBehaviour
from application.ports.gateway import GatewayFailure, GatewayPaymentStatus, GatewayRefundStatus
from application.ports.test_mode import Fault

OPERATION = "tuition_operation"
"""The key of the metadata under which a thing names the operation of ours that made it."""


@frozen(kw_only=True)
class Record:
    """One thing of the world.

    `seq` counts all things by age. `due` is the business time at which it next changes by itself.
    """

    KIND: ClassVar[str]
    id: str
    seq: int = 0
    due: datetime | None = None

    @property
    def parent(self) -> str | None:
        """Return what it is listed under."""
        return None


@frozen(kw_only=True)
class World(Record):
    """The world itself: what makes its ids differ from another's, and how many there are."""

    KIND = "world"
    id: str = "world"
    salt: str
    count: int = 0


@frozen(kw_only=True)
class Customer(Record):
    KIND = "customer"
    email: str
    name: str
    metadata: Mapping[str, str]
    default_card: str | None = None
    deleted: bool = False
    created_at: datetime

    @property
    def parent(self) -> str | None:
        return self.email


@frozen(kw_only=True)
class Method(Record):
    """A payment method. Once detached, or used without being attached, it is spent."""

    KIND = "method"
    token: str
    behaviour: CardBehaviour
    type: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str
    code: str | None = None
    decline_code: str | None = None
    customer: str | None = None
    spent: bool = False
    authenticated: bool = False
    """3-D Secure was passed while it was set up, so that it may be charged off session."""

    @property
    def parent(self) -> str | None:
        return self.customer


@frozen(kw_only=True)
class Payment(Record):
    KIND = "payment"
    status: GatewayPaymentStatus
    amount: int
    currency: str
    customer: str
    description: str
    transfer_group: str
    metadata: Mapping[str, str]
    save_card: bool = False
    settle_after_seconds: int = 0
    """How late the charge's balance transaction comes."""
    method: str | None = None
    charge: str | None = None
    failure: GatewayFailure | None = None
    created_at: datetime

    @property
    def parent(self) -> str | None:
        return self.customer


@frozen(kw_only=True)
class Charge(Record):
    """One try to take the money, failed ones included."""

    KIND = "charge"
    payment: str
    amount: int
    currency: str
    customer: str
    status: Literal["pending", "succeeded", "failed"]
    method: str
    refunded: int = 0
    transferred: int = 0
    """What transfers took that named it as their source."""
    movement: str | None = None
    created_at: datetime

    @property
    def parent(self) -> str | None:
        return self.payment


@frozen(kw_only=True)
class Refund(Record):
    KIND = "refund"
    payment: str
    charge: str
    amount: int
    currency: str
    status: GatewayRefundStatus
    next_status: GatewayRefundStatus | None = None
    """What it becomes when it is due."""
    failure_reason: str | None = None
    metadata: Mapping[str, str]
    created_at: datetime

    @property
    def parent(self) -> str | None:
        return self.payment


@frozen(kw_only=True)
class Setup(Record):
    KIND = "setup"
    customer: str
    status: Literal["requires_payment_method", "succeeded"] = "requires_payment_method"
    method: str | None = None
    created_at: datetime


@frozen(kw_only=True)
class Transfer(Record):
    KIND = "transfer"
    account: str
    amount: int
    reversed: int = 0
    currency: str
    transfer_group: str
    source_charge: str | None
    metadata: Mapping[str, str]
    created_at: datetime

    @property
    def parent(self) -> str | None:
        return self.transfer_group


@frozen(kw_only=True)
class Account(Record):
    KIND = "account"
    email: str
    metadata: Mapping[str, str]
    enabled: bool = False
    created_at: datetime


@frozen(kw_only=True)
class Movement(Record):
    """A balance transaction; due until its money has become available."""

    KIND = "movement"
    kind: str
    amount: int
    fee: int
    currency: str
    created_at: datetime
    available_at: datetime
    source: str

    @property
    def net(self) -> int:
        """Return what it changes the balance by."""
        return self.amount - self.fee


@frozen(kw_only=True)
class Balance(Record):
    """What the world holds for us in one currency, which is its id."""

    KIND = "balance"
    total: int = 0
    available: int = 0


@frozen(kw_only=True)
class Event(Record):
    """Something that happened, as told on the day: its body never changes."""

    KIND = "event"
    type: str
    about: str
    body: str
    created_at: datetime

    @property
    def parent(self) -> str | None:
        return self.about


@frozen(kw_only=True)
class PendingDelivery(Record):
    """An event on its way to our inbox."""

    KIND = "delivery"
    event: str
    attempts: int = 0


@frozen(kw_only=True)
class Answer:
    """What a call was answered with: a value as JSON, or an error by its name."""

    value: str | None = None
    error: str | None = None
    message: str = ""
    code: str = ""
    decline_code: str | None = None
    advice: str | None = None
    param: str | None = None
    payment: str | None = None
    """The payment that a decline speaks of, as JSON."""


@frozen(kw_only=True)
class UsedKey(Record):
    """An idempotency key; without an answer its first call is still under way. Due: wall time."""

    KIND = "key"
    digest: str
    answer: Answer | None = None
    taken_at: datetime
    """Wall time."""


@frozen(kw_only=True)
class Call(Record):
    """A line of the log: who called what, and what it did.

    `effects` are the ids of the things that it made or changed; a replayed answer has none.
    """

    KIND = "call"
    method: str
    key: str | None
    operation: str | None
    params: str
    outcome: str
    fault: str | None = None
    replayed: bool = False
    effects: tuple[str, ...] = ()
    at: datetime


@frozen(kw_only=True)
class WaitingFault(Record):
    """A fault that waits for calls."""

    KIND = "fault"
    fault: Fault
    left: int | None
    """How often it still strikes; None for ever."""


@frozen(kw_only=True)
class LateEffect(Record):
    """A call that was answered 500 and takes effect later."""

    KIND = "late_effect"
    method: str
    params: str


@frozen(kw_only=True)
class ClockOffset(Record):
    """How far business time is ahead of the wall's."""

    KIND = "clock"
    id: str = "clock"
    offset_microseconds: int = field(default=0)
