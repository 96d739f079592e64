"""How far business time is ahead of real time, kept where all processes see it."""

from datetime import datetime, timedelta
from threading import Lock

from attrs import define, field

from application.ports.clock import WallClock
from application.ports.open_units import is_inside_a_unit
from application.ports.storage import Unit, UnitOfWork
from domain.time import EPOCH

NAME = "test_clock_offset_microseconds"
_MICROSECOND = timedelta(microseconds=1)


@define
class KeptOffset:
    """An offset in the settings of the database, looked up again when it is no longer fresh."""

    work: UnitOfWork
    wall: WallClock
    fresh_for: timedelta
    _offset: timedelta = field(default=timedelta(0), init=False)
    _looked_at: datetime = field(default=EPOCH, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def read(self) -> timedelta:
        """Return the offset. Inside a unit of work time stands as it was last looked up."""
        now = self.wall.now()
        if now - self._looked_at > self.fresh_for and not is_inside_a_unit():
            with self._lock:
                if now - self._looked_at > self.fresh_for:
                    self._take(self.work(_stored), now)
        return self._offset

    def keep(self, offset: timedelta) -> None:
        """Store an offset, unless a larger one is there already."""

        def enlarge(unit: Unit) -> timedelta:
            stored = _stored(unit)
            if offset > stored:
                unit.settings.put(NAME, str(offset // _MICROSECOND))
            return max(offset, stored)

        with self._lock:
            self._take(self.work(enlarge), self.wall.now())

    def _take(self, offset: timedelta, at: datetime) -> None:
        self._offset, self._looked_at = max(offset, self._offset), at


def _stored(unit: Unit) -> timedelta:
    return int(unit.settings.get(NAME) or 0) * _MICROSECOND
