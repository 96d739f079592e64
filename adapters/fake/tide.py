"""What changes by itself as business time goes on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from attrs import frozen

from adapters.fake import charges, refunds
from adapters.fake.records import Charge, LateEffect, Payment, PendingDelivery, Record, Refund
from adapters.fake.store import Rows
from adapters.fake.turn import Turn, from_microseconds, microseconds
from adapters.fake.wire import Effect, log_late_effect, run_effect

Change = Callable[[Turn, Any], object]


@frozen
class WorldTide:
    """A `Tide`. `effects` are the port's methods by name, for those that take effect late."""

    effects: Mapping[str, Effect[Any, Any]]

    def is_due(self, rows: Rows, now: datetime) -> bool:
        """Tell whether anything has to change by now."""
        first = rows.earliest_due(record.KIND for record in self._changes())
        return first is not None and first <= microseconds(now)

    def next_due(self, rows: Rows) -> datetime | None:
        """Return when something changes next or an event is to be delivered."""
        kinds = [record.KIND for record in self._changes()]
        first = rows.earliest_due([*kinds, PendingDelivery.KIND])
        return None if first is None else from_microseconds(first)

    def catch_up(self, rows: Rows, now: datetime) -> int:
        """Make the changes that are due, oldest first; return how many there were."""
        count = 0
        # A change can make another one due, so look again after each.
        while (first := self._first_due(rows, now)) is not None:
            record, change = first
            change(Turn(rows, record.due or now), record)
            count += 1
        return count

    def _first_due(self, rows: Rows, now: datetime) -> tuple[Record, Change] | None:
        if not self.is_due(rows, now):
            return None
        turn = Turn(rows, now)
        found = [
            (record, change)
            for kind, change in self._changes().items()
            for record in turn.due(kind, now, limit=1)
        ]
        return min(found, key=lambda each: (each[0].due or now, each[0].seq), default=None)

    def _changes(self) -> Mapping[type[Record], Change]:
        return {
            Payment: charges.end_processing,
            Charge: charges.settle,
            Refund: refunds.end_waiting,
            LateEffect: self._take_effect,
        }

    def _take_effect(self, turn: Turn, late: LateEffect) -> None:
        turn.delete(late)
        effect = self.effects[late.method]
        params = msgspec.json.decode(late.params, type=effect.params)
        log_late_effect(turn, late, run_effect(turn, effect, params))
