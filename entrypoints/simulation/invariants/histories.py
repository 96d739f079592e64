"""Histories: statuses follow their graphs, versions count, and answers stay: I11, I14."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from application.ports.records import Delivery, DeliveryState, IdempotencyRecord, OperationState
from domain.bookings import EDGES as BOOKING_EDGES
from domain.earnings import PayoutStatus
from domain.payments import PaymentStatus
from domain.refunds import RefundStatus
from entrypoints.simulation.witness import Sight, always

P, R, W, Y, D = PaymentStatus, RefundStatus, OperationState, PayoutStatus, DeliveryState

_SUCCESS = frozenset({P.SUCCEEDED})
_LIVE = frozenset({P.PENDING, P.REQUIRES_ACTION, P.PROCESSING, P.FAILED})

PAYMENT_EDGES: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    **dict.fromkeys(_LIVE, _LIVE | _SUCCESS | {P.CANCELING, P.CANCELED}),
    P.CANCELING: frozenset({P.CANCELED}) | _SUCCESS,
    P.CANCELED: _SUCCESS,  # A success that won the race: it goes back.
    P.SUCCEEDED: frozenset({P.PARTIALLY_REFUNDED, P.REFUNDED}),
    P.PARTIALLY_REFUNDED: frozenset({P.SUCCEEDED, P.REFUNDED}),  # A refund can fail again.
    P.REFUNDED: frozenset({P.SUCCEEDED, P.PARTIALLY_REFUNDED}),
}
REFUND_EDGES: Mapping[RefundStatus, frozenset[RefundStatus]] = {
    R.REQUESTED: frozenset({R.APPROVED}),
    R.APPROVED: frozenset({R.RESERVED}),
    R.RESERVED: frozenset({R.PENDING, R.SUCCEEDED, R.FAILED}),
    R.PENDING: frozenset({R.SUCCEEDED, R.FAILED}),
    R.SUCCEEDED: frozenset({R.FAILED}),
    R.FAILED: frozenset(),
}
OPERATION_EDGES: Mapping[OperationState, frozenset[OperationState]] = {
    W.INTENT: frozenset({W.UNKNOWN, W.DONE, W.REFUSED}),
    W.UNKNOWN: frozenset({W.DONE, W.REFUSED}),
    W.DONE: frozenset(),
    W.REFUSED: frozenset(),
}
PAYOUT_EDGES: Mapping[PayoutStatus, frozenset[PayoutStatus]] = {
    Y.PENDING: frozenset({Y.IN_TRANSIT, Y.PAID, Y.FAILED}),
    Y.IN_TRANSIT: frozenset({Y.PAID, Y.FAILED}),
    Y.PAID: frozenset(),
    Y.FAILED: frozenset(),
}
DELIVERY_EDGES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    D.RECEIVED: frozenset({D.APPLIED, D.IGNORED, D.SUSPENDED}),
    # A person may let what was received be looked at once more.
    **dict.fromkeys((D.APPLIED, D.IGNORED, D.SUSPENDED), frozenset({D.RECEIVED})),
}
GRAPHS: Mapping[str, Mapping[Any, frozenset[Any]]] = {
    "bookings": BOOKING_EDGES,
    "payments": PAYMENT_EDGES,
    "refunds": REFUND_EDGES,
    "operations": OPERATION_EDGES,
    "payouts": PAYOUT_EDGES,
    "inbox": DELIVERY_EDGES,
}
"""What may follow each status, by repository."""


@always
def every_status_is_reached_by_an_edge(sight: Sight) -> None:
    """I11: a history is a path of the state graph."""
    for repository, before, now in sight.touched.steps:
        graph = GRAPHS.get(repository)
        if graph is None or before is None:
            continue
        was, is_ = _status_of(before), _status_of(now)
        if is_ is not was and is_ not in graph[was]:
            sight.wrong("I11", now.id, f"went from {was} to {is_}")


def _status_of(value: Any) -> StrEnum:
    found: StrEnum = value.status if hasattr(value, "status") else value.state
    return found


@always
def versions_count(sight: Sight) -> None:
    """I11: each save is of the version before it, so that nothing is overwritten unseen."""
    for repository, before, now in sight.touched.steps:
        if repository in {"earnings", "idempotency"} or isinstance(now, Delivery):
            continue
        expected = 1 if before is None else before.version + 1
        if now.version != expected:
            sight.wrong("I11", getattr(now, "id", now), f"is version {now.version}: {expected}?")


@always
def an_answer_stays_what_it_was(sight: Sight) -> None:
    """I14: what was answered under a key is never answered otherwise."""
    for before, now in sight.touched.of(IdempotencyRecord):
        if before is not None and before.answer is not None and before.answer != now.answer:
            sight.wrong("I14", now.scope, "was answered, and is answered otherwise now")
