"""What the use cases keep besides aggregates: operations, deliveries, answers, audit."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from attrs import evolve, field, frozen

from domain.events import Event
from domain.ids import AuditId, MessageId, OperationId, UserId
from domain.time import instant

R = TypeVar("R")


class OperationState(StrEnum):
    """Where an effect on the gateway stands."""

    INTENT = "intent"
    """Recorded; it may or may not have been sent."""
    UNKNOWN = "unknown"
    """Sent, and the outcome is not known."""
    DONE = "done"
    """The gateway did it, and our books know."""
    REFUSED = "refused"
    """The gateway definitely did not do it; what was reserved is released."""

    @property
    def is_open(self) -> bool:
        """Tell whether it still has to be finished."""
        return self in {OperationState.INTENT, OperationState.UNKNOWN}


@frozen(kw_only=True)
class Operation:
    """The durable record of one effect on the gateway, written before it is sent.

    `params` are sent verbatim, and again verbatim. `subject` is the id of what it is about. Whoever
    holds the lease may send; `fence` rises with each claim, so that one who woke too late notices.
    `attempt` is part of the gateway's idempotency key. `tries` counts sends, for backing off.
    """

    id: OperationId
    kind: str
    subject: str
    params: Mapping[str, object] = field(repr=False)
    params_sha256: str
    attempt: int = 1
    state: OperationState = OperationState.INTENT
    fence: int = 1
    lease_until: datetime = instant()
    tries: int = 0
    result: str | None = None
    """The gateway's id of what was made."""
    error: str | None = None
    refusal: Mapping[str, str | None] | None = None
    """Why it was refused, in the terms of `domain.payments.Failure`."""
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    def key(self, environment: str) -> str:
        """Return the gateway's idempotency key: `{env}:{kind}:{operation}:{attempt}`."""
        return f"{environment}:{self.kind}:{self.id}:{self.attempt}"

    def request(self, make: Callable[..., R]) -> R:
        """Return its params as the request that it was planned with, of the class `make`."""
        return make(**self.params)

    def moved(self, state: OperationState, *, at: datetime, **changes: object) -> "Operation":
        """Return it in another state."""
        return evolve(self, state=state, updated_at=at, **changes)  # type: ignore[arg-type]


class DeliveryState(StrEnum):
    """Where a received webhook stands."""

    RECEIVED = "received"
    APPLIED = "applied"
    IGNORED = "ignored"
    """Nothing of ours, an unknown type, another mode, or the same fact again."""
    SUSPENDED = "suspended"
    """It concerns something that nobody here knows; a person was told."""


@frozen(kw_only=True)
class Delivery:
    """A webhook in the inbox, kept from before the answer 200. `id` is the gateway's event id."""

    id: str
    type: str
    object_type: str
    object_id: str
    payment: str | None
    account: str | None
    livemode: bool
    api_version: str | None
    facts: Mapping[str, str]
    body: bytes = field(repr=False)
    event_at: datetime = instant()
    received_at: datetime = instant()
    state: DeliveryState = DeliveryState.RECEIVED
    next_try_at: datetime | None = instant(default=None)
    tries: int = 0
    error: str | None = None
    applied_at: datetime | None = instant(default=None)
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)


@frozen(kw_only=True)
class OutboxMessage:
    """An event on its way to its reactions."""

    id: MessageId
    event: Event


@frozen(kw_only=True)
class Answer:
    """What a client was told: the status and the very bytes."""

    status: int
    body: bytes
    content_type: str = "application/json"


@frozen(kw_only=True)
class IdempotencyRecord:
    """A request with an idempotency key, from its first sight to its stored answer.

    `operations` binds the operations that it began, by step, so that a retry after a crash
    carries on instead of beginning anew. Until there is an answer, whoever holds the lease
    carries it out.
    """

    scope: str
    key: str
    body_sha256: str
    lease_until: datetime = instant()
    created_at: datetime = instant()
    operations: Mapping[str, str] = field(factory=dict)
    answer: Answer | None = None

    def is_held_by(self, taken: "IdempotencyRecord") -> bool:
        """Tell whether nobody has answered, or taken the key over, since it was `taken`.

        Whoever takes it over begins a lease that ends later, so its end tells who holds it.
        """
        return self.answer is None and self.lease_until == taken.lease_until


@frozen(kw_only=True)
class AuditEntry:
    """What a member of staff did: who, when, to what, before and after."""

    id: AuditId
    actor_id: UserId | None
    action: str
    subject: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    request_id: str | None
    created_at: datetime = instant()
