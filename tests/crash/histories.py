"""I11: every history is a path of its state graph, and versions count up by one.

What is committed is watched, whichever process commits it: a kill and a recovery must not take a
booking, payment, refund or payout where its graph has no edge.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field

from application.ports.records import OperationState
from domain.bookings import EDGES as BOOKING_EDGES
from domain.earnings import PayoutStatus
from domain.payments import PaymentStatus
from domain.refunds import RefundStatus
from entrypoints.simulation.ports import Change

Edges = Mapping[Any, frozenset[Any]]
P, R, Y, W = PaymentStatus, RefundStatus, PayoutStatus, OperationState

_LIVE = frozenset({P.PENDING, P.REQUIRES_ACTION, P.PROCESSING, P.FAILED})

GRAPHS: Mapping[str, Edges] = {
    "bookings": BOOKING_EDGES,
    "payments": {
        **dict.fromkeys(_LIVE, _LIVE | {P.SUCCEEDED, P.CANCELING, P.CANCELED}),
        P.CANCELING: frozenset({P.CANCELED, P.SUCCEEDED}),
        # A success that won the race against a cancellation; it goes back.
        P.CANCELED: frozenset({P.SUCCEEDED}),
        P.SUCCEEDED: frozenset({P.PARTIALLY_REFUNDED, P.REFUNDED}),
        # A refund that fails makes the payment what it was.
        P.PARTIALLY_REFUNDED: frozenset({P.SUCCEEDED, P.REFUNDED}),
        P.REFUNDED: frozenset({P.SUCCEEDED, P.PARTIALLY_REFUNDED}),
    },
    "refunds": {
        R.REQUESTED: frozenset({R.APPROVED}),
        R.APPROVED: frozenset({R.RESERVED}),
        R.RESERVED: frozenset({R.PENDING, R.SUCCEEDED, R.FAILED}),
        R.PENDING: frozenset({R.SUCCEEDED, R.FAILED}),
        R.SUCCEEDED: frozenset({R.FAILED}),
        R.FAILED: frozenset(),
    },
    "payouts": {
        Y.PENDING: frozenset({Y.IN_TRANSIT, Y.PAID, Y.FAILED}),
        Y.IN_TRANSIT: frozenset({Y.PAID, Y.FAILED}),
        Y.PAID: frozenset(),
        Y.FAILED: frozenset(),
    },
    "operations": {
        W.INTENT: frozenset({W.UNKNOWN, W.DONE, W.REFUSED}),
        W.UNKNOWN: frozenset({W.DONE, W.REFUSED}),
        W.DONE: frozenset(),
        W.REFUSED: frozenset(),
    },
}
"""What may follow each status, by the repository that keeps it."""

CLAIMED = "operations"
"""These are written by claims too, which are not told: their versions may skip."""


@define
class Histories:
    """Where everything stands that was saved so far."""

    _now: dict[tuple[str, str], Any] = field(factory=dict)

    def go_on(self, changes: Sequence[Change]) -> None:
        """Take in what was committed, and check that it may follow what was there."""
        for change in changes:
            if change.method == "save" and change.repository in GRAPHS:
                self._go_on(change.repository, change.value)

    def _go_on(self, repository: str, value: Any) -> None:
        was = self._now.get((repository, value.id))
        self._now[(repository, value.id)] = value
        if was is None:
            assert value.version == 1 or repository == CLAIMED, value
            return
        assert value.version == was.version + 1 or repository == CLAIMED, (was, value)
        before, now = _status(was), _status(value)
        assert now is before or now in GRAPHS[repository][before], f"{value.id}: {before} to {now}"


def _status(value: Any) -> Any:
    return value.state if hasattr(value, "state") else value.status
