"""Counts of tries in fixed windows."""

from datetime import datetime
from threading import Lock

from application.ports.open_units import inside_a_unit
from domain.time import EPOCH


class RateLimits:
    """Windows begin at multiples of their length since 1970, so that all agree on them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tries: dict[str, tuple[int, int]] = {}

    def hit(self, bucket: str, *, limit: int, window_seconds: int, at: datetime) -> int | None:
        """Count one try; return None, or after how many seconds the next one may be made."""
        now = int((at - EPOCH).total_seconds())
        window_ends = now - now % window_seconds + window_seconds
        with inside_a_unit(), self._lock:
            open_until, tries = self._tries.get(bucket, (0, 0))
            if open_until < window_ends:
                open_until, tries = window_ends, 0
            # A try that a lagging clock stamps earlier than the open window counts in that.
            self._tries[bucket] = (open_until, tries + 1)
        return None if tries < limit else open_until - now
