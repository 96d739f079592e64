"""I11: every history is a path of its state graph, and versions count up by one.

What is committed is watched, whichever process commits it: a kill and a recovery must not take a
booking, payment, refund or payout where its graph has no edge.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from attrs import define, field

from entrypoints.simulation.invariants.histories import GRAPHS
from entrypoints.simulation.ports import Change

ALSO_WRITTEN = frozenset({"operations", "inbox"})
"""These are written by claims and receipts too, which are no saves: their versions may skip."""

ASKED_FOR = frozenset({"gigs", "bookings", "payments", "refunds", "payouts", "cards"})


@define
class Histories:
    """Where everything stands that was saved so far."""

    _now: dict[tuple[str, str], Any] = field(factory=dict)
    made: Counter[str] = field(factory=Counter)
    """How many there are of what people ask for: a retry must not make more of it (I14)."""

    def go_on(self, changes: Sequence[Change]) -> None:
        """Take in what was committed, and check that it may follow what was there."""
        for change in changes:
            if change.method == "save" and change.repository in ASKED_FOR:
                self.made[change.repository] += change.value.version == 1
            if change.method == "save" and change.repository in GRAPHS:
                self._go_on(change.repository, change.value)

    def _go_on(self, repository: str, value: Any) -> None:
        was = self._now.get((repository, value.id))
        self._now[(repository, value.id)] = value
        if was is None:
            assert value.version == 1 or repository in ALSO_WRITTEN, value
            return
        assert value.version == was.version + 1 or repository in ALSO_WRITTEN, (was, value)
        before, now = _status(was), _status(value)
        assert now is before or now in GRAPHS[repository][before], f"{value.id}: {before} to {now}"


def _status(value: Any) -> Any:
    return value.state if hasattr(value, "state") else value.status
