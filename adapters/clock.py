"""Clocks: the only place that reads the system's time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from attrs import frozen

from application.ports.clock import WallClock


class SystemClock:
    """Real time, as the operating system tells it."""

    def now(self) -> datetime:
        """Return the current instant of the system, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)


@frozen
class OffsetClock:
    """Business time that runs with a wall clock, some way ahead of it.

    `read_offset` is asked each time, so that the offset can lie where all processes see it.
    `keep_offset` stores an offset unless a larger one is there already: time never goes back.
    """

    wall: WallClock
    read_offset: Callable[[], timedelta]
    keep_offset: Callable[[timedelta], None]

    def now(self) -> datetime:
        """Return the current instant of business time, in UTC."""
        return self.wall.now() + self.read_offset()

    def move_to(self, at: datetime) -> datetime:
        """Move business time forward to `at`, never back; return what it is now."""
        self.keep_offset(at - self.wall.now())
        return self.now()

    def advance(self, by: timedelta) -> datetime:
        """Move business time forward by so much; return what it is now."""
        return self.move_to(self.now() + by)


class ManualClock:
    """A clock that stands still until it is moved, as tests and simulators need it.

    It serves as both clocks: to sleep is to move it.
    """

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the instant that it was moved to."""
        return self._at

    def sleep(self, seconds: float) -> None:
        """Move it by so many seconds at once."""
        self._at += timedelta(seconds=seconds)

    def move_to(self, at: datetime) -> datetime:
        """Move it forward to `at`, never back; return what it is now."""
        self._at = max(self._at, at)
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move it forward by so much; return what it is now."""
        return self.move_to(self._at + by)
