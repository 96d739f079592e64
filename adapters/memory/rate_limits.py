"""Counts of tries in fixed windows."""

from datetime import datetime
from threading import Lock

from domain.time import EPOCH


class RateLimits:
    """Windows begin at multiples of their length since 1970, so that all agree on them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tries: dict[str, tuple[int, int]] = {}

    def hit(self, bucket: str, *, limit: int, window_seconds: int, at: datetime) -> int | None:
        """Count one try; return None, or after how many seconds the next one may be made."""
        seconds = int((at - EPOCH).total_seconds())
        window = seconds - seconds % window_seconds
        with self._lock:
            began, tries = self._tries.get(bucket, (window, 0))
            tries = tries + 1 if began == window else 1
            self._tries[bucket] = (window, tries)
        return None if tries <= limit else window + window_seconds - seconds
