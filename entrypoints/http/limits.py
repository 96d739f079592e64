"""How often things may be tried (F03), in one table. Windows are of real time and shared by all
processes.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from attrs import frozen

from application.commands import Actor
from domain.errors import RateLimited
from entrypoints.http.services import Services


@frozen(kw_only=True)
class RateLimit:
    """At most `limit` tries in `window_seconds` by the same caller; `by` names the caller."""

    name: str
    limit: int
    window_seconds: int
    by: Callable[[Actor, Any], str]

    def check(self, services: Services, actor: Actor, body: Any) -> None:
        """Count a try. Raises `RateLimited`."""
        wait = services.rate_limits.hit(
            f"{self.name}:{self.by(actor, body)}",
            limit=self.limit,
            window_seconds=self.window_seconds,
            at=services.wall.now(),
        )
        if wait is not None:
            raise RateLimited(max(1, wait))


def _address(actor: Actor, _: Any) -> str:
    return actor.address


def _user(actor: Actor, _: Any) -> str:
    return actor.user_id or actor.address


def _email(_: Actor, body: Any) -> str:
    return hashlib.sha256(body.email.strip().lower().encode()).hexdigest()


LOG_IN = (
    RateLimit(name="log-in-from", limit=60, window_seconds=60, by=_address),
    RateLimit(name="log-in-as", limit=10, window_seconds=300, by=_email),
)
REFRESH = (RateLimit(name="refresh", limit=60, window_seconds=60, by=_address),)
REGISTER = (RateLimit(name="register", limit=60, window_seconds=600, by=_address),)
ADD_CARD = (RateLimit(name="add-card", limit=20, window_seconds=600, by=_user),)
PAY = (RateLimit(name="pay", limit=30, window_seconds=60, by=_user),)
