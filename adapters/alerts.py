"""Telling staff: in the log, where an operator's monitoring looks, and in memory for tests."""

import logging
from collections import deque

from attrs import define, field, frozen

MOST_KEPT = 1_000


@frozen
class LoggedAlerts:
    """An `Alerts` that writes a line at level error; the line's `topic` is what to watch for."""

    log: logging.Logger = field(factory=lambda: logging.getLogger("alerts"))

    def alert(self, topic: str, subject: str, detail: str) -> None:
        """Log it."""
        self.log.error(
            "alert", extra={"topic": topic, "alert_subject": subject, "alert_detail": detail}
        )


@define
class KeptAlerts:
    """An `Alerts` that keeps the last ones, as (topic, subject, detail)."""

    kept: deque[tuple[str, str, str]] = field(factory=lambda: deque(maxlen=MOST_KEPT))

    def alert(self, topic: str, subject: str, detail: str) -> None:
        """Keep it."""
        self.kept.append((topic, subject, detail))
