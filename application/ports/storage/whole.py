"""A storage whole, with the count of tries that all processes share."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from attrs import frozen

from application.ports.storage.unit import UnitOfWork
from application.ports.storage.views import Reader


class RateLimits(Protocol):
    """Count tries in fixed windows of real time, shared by all processes."""

    def hit(self, bucket: str, *, limit: int, window_seconds: int, at: datetime) -> int | None:
        """Count one try; return None, or after how many seconds the next one may be made."""
        ...


@frozen(kw_only=True)
class Storage:
    """A storage whole."""

    work: UnitOfWork
    read: Reader
    rate_limits: RateLimits
    ping: Callable[[], None]
    """Raise `StorageUnavailable` when the database cannot be reached."""
    close: Callable[[], None]
