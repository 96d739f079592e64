"""Time. There are two clocks, because the test mode moves one of them."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Business time: when lessons are, what is due, when money becomes available."""

    def now(self) -> datetime:
        """Return the current instant, in UTC; the test clock can be ahead of the wall's."""
        ...


class WallClock(Protocol):
    """Real time, which no test mode moves: tokens, leases, ages of operations, rate limits."""

    def now(self) -> datetime:
        """Return the current instant of the system, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait. A simulator lets other work go on instead."""
        ...
