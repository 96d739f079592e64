"""What operators and test mode see: audit log, received webhooks, configuration, health."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from application.ports.records import DeliveryState
from application.ports.test_mode import FaultKind
from entrypoints.http.schemas.common import Id, Input, Instant, ListQuery, Output


class AuditQuery(ListQuery, frozen=True, kw_only=True):
    """Which entries of the audit log to list."""

    actor_id: Id | None = None
    subject: Annotated[str, Meta(max_length=255)] | None = None
    action: Annotated[str, Meta(max_length=100)] | None = None


class AuditEntry(Output, frozen=True, kw_only=True):
    """What a member of staff did, to what, before and after."""

    id: Id
    actor_id: Id | None
    action: str
    subject: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    request_id: str | None
    created_at: Instant


class DeliveryQuery(ListQuery, frozen=True, kw_only=True):
    """Which received webhooks to list."""

    state: DeliveryState | None = None
    type: Annotated[str, Meta(max_length=100)] | None = None


class WebhookEvent(Output, frozen=True, kw_only=True):
    """A webhook that the gateway delivered, and what became of it."""

    id: str
    type: str
    object_type: str
    object_id: str
    payment_intent_id: str | None
    account: str | None
    livemode: bool
    api_version: str | None
    state: DeliveryState
    tries: int
    error: str | None
    event_at: Instant
    received_at: Instant
    next_try_at: Instant | None
    applied_at: Instant | None


class Received(Output, frozen=True, kw_only=True):
    """The delivery is kept."""

    received: bool


class StripeConfig(Output, frozen=True, kw_only=True):
    """What a page needs to talk to the gateway."""

    publishable_key: str
    livemode: bool
    api_version: str
    gateway: Literal["stripe", "fake"]


class Alive(Output, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Output, frozen=True, kw_only=True):
    """Whether requests can be served, and what is away if not."""

    status: Literal["ready", "not_ready"]
    checks: Mapping[str, Literal["ok", "away"]]


class Advance(Input, frozen=True, kw_only=True):
    """How far business time is to move."""

    advance_seconds: Annotated[int, Meta(ge=0, le=366 * 24 * 3600)]


class ClockReading(Output, frozen=True, kw_only=True):
    """What time business thinks it is."""

    now: Instant


class BrowserConfirmation(Input, frozen=True, kw_only=True):
    """What the payer pays with, in the browser."""

    payment_method: Annotated[str, Meta(max_length=255, examples=["pm_card_visa"])] = "pm_card_visa"


class Challenge(Input, frozen=True, kw_only=True):
    """How the payer's 3-D Secure challenge ends."""

    outcome: Literal["succeed", "fail"] = "succeed"


class FailedRefund(Input, frozen=True, kw_only=True):
    """Why the bank does not take a refund."""

    reason: Annotated[str, Meta(max_length=100)] = "declined"


class BrowserProblem(Output, frozen=True, kw_only=True):
    """The error that Stripe.js would hand to the page."""

    type: Literal["card_error", "invalid_request_error"]
    code: str
    message: str
    decline_code: str | None
    advice: str | None


class BrowserAnswer(Output, frozen=True, kw_only=True):
    """What Stripe.js would answer."""

    id: str
    object: Literal["payment_intent", "setup_intent"]
    status: str
    payment_method: str | None
    error: BrowserProblem | None


class Done(Output, frozen=True, kw_only=True):
    """It happened, outside."""

    done: bool


class NewFault(Input, frozen=True, kw_only=True):
    """How the next calls to the gateway go wrong."""

    method: Annotated[
        str, Meta(max_length=100, description="A method of the gateway port, or `*`.")
    ]
    kind: FaultKind
    times: Annotated[int, Meta(ge=1, le=1000)] | None = 1
    matching: Mapping[str, str] = {}
    delay_seconds: Annotated[int, Meta(ge=0, le=366 * 24 * 3600)] = 0
    decline_code: Annotated[str, Meta(max_length=100)] = "generic_decline"


class Fault(Output, frozen=True, kw_only=True):
    """A fault that waits for calls."""

    id: str
