"""The offset of the test mode's business time, kept with the world."""

from datetime import timedelta

from attrs import frozen

from adapters.fake.records import ClockOffset
from adapters.fake.store import Rows, Store
from adapters.fake.turn import Turn
from domain.time import EPOCH


@frozen
class WorldOffset:
    """How far business time is ahead, the same for all processes that share the world.

    `read` and `keep` are what an offset clock is made of.
    """

    _store: Store

    def read(self) -> timedelta:
        """Return the offset; it begins at zero."""
        return self._store.read(_offset)

    def keep(self, offset: timedelta) -> None:
        """Keep this offset, unless a larger one is kept already: time never goes back."""

        def keep(rows: Rows) -> None:
            count = max(offset, _offset(rows)) // timedelta(microseconds=1)
            Turn(rows, EPOCH).save(ClockOffset(offset_microseconds=count))

        self._store.write(keep)


def _offset(rows: Rows) -> timedelta:
    # Any instant will do: nothing that depends on business time is looked at.
    kept = Turn(rows, EPOCH).find(ClockOffset, "clock")
    return timedelta(microseconds=kept.offset_microseconds if kept else 0)
