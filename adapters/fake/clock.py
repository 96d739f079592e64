"""Business time of the test mode: the wall's, and an offset that is kept with the world."""

from datetime import datetime, timedelta

from attrs import frozen

from adapters.fake.records import ClockOffset
from adapters.fake.store import Rows, Store
from adapters.fake.turn import Turn
from application.ports.clock import WallClock
from domain.time import EPOCH


@frozen
class WorldClock:
    """A `Clock` and a `MovableClock`, the same for all processes that share the world."""

    _store: Store
    _wall_clock: WallClock

    def now(self) -> datetime:
        """Return the current instant of business time."""
        return self._wall_clock.now() + self._store.read(_offset)

    def move_to(self, at: datetime) -> datetime:
        """Move business time forward, never back."""
        wall = self._wall_clock.now()

        def move(rows: Rows) -> datetime:
            offset = max(at - wall, _offset(rows))
            count = offset // timedelta(microseconds=1)
            Turn(rows, wall).save(ClockOffset(offset_microseconds=count))
            return wall + offset

        return self._store.write(move)


def _offset(rows: Rows) -> timedelta:
    # Any instant will do: nothing that depends on business time is looked at.
    kept = Turn(rows, EPOCH).find(ClockOffset, "clock")
    return timedelta(microseconds=kept.offset_microseconds if kept else 0)
