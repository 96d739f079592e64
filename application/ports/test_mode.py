"""Test mode: what people, banks and chance do to a payment world that is not Stripe.

The `/test` endpoints and the worker of a development run use these; a real gateway has none.
Controls raise `GatewayRefused` (`resource_missing`) for an unknown id, and when a state does not
allow the step. Like the gateway itself they must not be called inside a unit of work.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from attrs import field, frozen


@frozen(kw_only=True)
class BrowserError:
    """The `error` that Stripe.js hands to a page."""

    type: Literal["card_error", "invalid_request_error"]
    code: str
    message: str
    decline_code: str | None = None
    advice: str | None = None


@frozen(kw_only=True)
class BrowserAnswer:
    """What Stripe.js answers: how the object stands now, in Stripe's words, or an error with it."""

    id: str
    object: Literal["payment_intent", "setup_intent"]
    status: str
    """`requires_payment_method`, `requires_action`, `processing`, `succeeded`, `canceled` …"""
    payment_method: str | None = None
    error: BrowserError | None = None


class BrowserControls(Protocol):
    """What a payer does in the browser."""

    def confirm(self, payment: str, payment_method: str) -> BrowserAnswer:
        """Pay with a test token or a card of the customer's; a decline is an answer here."""
        ...

    def authenticate(self, payment: str, outcome: Literal["succeed", "fail"]) -> BrowserAnswer:
        """Pass or fail the 3-D Secure challenge that the payment waits for."""
        ...

    def complete_setup(self, setup: str, token: str) -> BrowserAnswer:
        """Finish setting a card up, the challenge passed: attaches it to the customer."""
        ...


class OutsideControls(Protocol):
    """What banks, the gateway and its dashboard do without being asked by us."""

    def settle_refund(self, refund: str) -> None:
        """Let a pending refund succeed."""
        ...

    def fail_refund(self, refund: str, reason: str = "declined") -> None:
        """Let a refund fail, pending or long since succeeded."""
        ...

    def enable_account(self, account: str) -> None:
        """Let a teacher's account pass the gateway's checks."""
        ...

    def reverse_transfer(self, transfer: str, amount: int | None = None) -> None:
        """Take a transfer back, whole or in part, as staff can in the gateway's dashboard."""
        ...

    def refund_payment(self, payment: str, amount: int) -> str:
        """Refund as staff can in the dashboard, without an operation of ours; return its id."""
        ...

    def detach_card(self, card: str) -> None:
        """Detach a card as its owner can in the billing portal."""
        ...


class FaultKind(StrEnum):
    """How a call goes wrong."""

    LOST_REQUEST = "lost_request"
    """Nothing happened; the caller sees a timeout."""
    LOST_ANSWER = "lost_answer"
    """It happened; the caller sees a timeout."""
    ERROR_NOW = "error_now"
    """It happened, the answer is a 500, and the key replays that 500."""
    ERROR_LATER = "error_later"
    """The same, but it happens only `delay_seconds` of business time later (a minute if 0)."""
    ERROR_NEVER = "error_never"
    """It does not happen, and the key replays the 500."""
    RATE_LIMITED = "rate_limited"
    """429: nothing happened."""
    LOCKED = "locked"
    """409: nothing happened."""
    SLOW = "slow"
    """It takes `delay_seconds` of real time; a twin with the same key is refused meanwhile."""
    DECLINED = "declined"
    """The bank says no, with `decline_code`."""
    LATE_SETTLEMENT = "late_settlement"
    """The charge's balance transaction comes `delay_seconds` of business time later."""
    REFUND_PENDS = "refund_pends"
    """The refund is pending at first; it succeeds after `delay_seconds`, or when settled if 0."""
    REFUND_FAILS = "refund_fails"
    """The refund fails: at once if `delay_seconds` is 0, else it is pending until then."""


@frozen(kw_only=True)
class Fault:
    """A fault that waits for calls.

    `method` is the name of a port method, such as `create_payment`, or `confirm_in_browser` or `*`.
    `matching` narrows it to calls whose parameters have these values. It strikes `times` times, or
    every time if None.
    """

    method: str
    kind: FaultKind
    times: int | None = 1
    matching: Mapping[str, str] = field(factory=dict)
    delay_seconds: int = 0
    decline_code: str = "generic_decline"


class FaultControls(Protocol):
    """Faults to come. The first that fits a call strikes it."""

    def add_fault(self, fault: Fault) -> str:
        """Let a fault wait; return its id. Raises `InvalidField` for an unknown method."""
        ...

    def clear_faults(self) -> None:
        """Forget the faults that still wait."""
        ...


@frozen(kw_only=True)
class Delivery:
    """A webhook request to make: post `body` with the header `Stripe-Signature: {signature}`.

    The signature is made when the delivery is asked for, so it is fresh.
    """

    id: str
    event: str
    type: str
    body: bytes = field(repr=False)
    signature: str = field(repr=False)


class WorldTime(Protocol):
    """What waits for business time in the world."""

    def next_due(self, now: datetime) -> datetime | None:
        """Return the earliest instant at which a state changes or an event is to be delivered:
        `now` when something is overdue, None when nothing waits.
        """
        ...

    def run_due(self, now: datetime) -> int:
        """Make the state changes that are due, oldest first; return how many there were."""
        ...


class DeliveryQueue(Protocol):
    """The world's events on their way to our inbox."""

    def pending_deliveries(self, limit: int = 100) -> Sequence[Delivery]:
        """Return deliveries that are due, oldest first. Two workers may both get one: the inbox
        knows what it has seen.
        """
        ...

    def delivered(self, delivery: str) -> None:
        """Strike a delivery off: the inbox answered 2xx."""
        ...

    def undelivered(self, delivery: str) -> None:
        """Put a delivery back for later, further each time; after three days it is given up."""
        ...


class MovableClock(Protocol):
    """Business time of the test mode; its offset lasts as long as the world."""

    def now(self) -> datetime:
        """Return the current instant of business time, in UTC."""
        ...

    def move_to(self, at: datetime) -> datetime:
        """Move business time forward to `at`, never back; return what it is now."""
        ...


@frozen(kw_only=True)
class GatewayControls:
    """All controls of a payment world, by role."""

    browser: BrowserControls
    outside: OutsideControls
    faults: FaultControls
    time: WorldTime
    deliveries: DeliveryQueue
