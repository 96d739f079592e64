"""Telling staff that something wants a person."""

from typing import Protocol


class Alerts(Protocol):
    """Reach the operator's staff."""

    def alert(self, topic: str, subject: str, detail: str) -> None:
        """Tell them; the same alert may be told twice. `detail` holds no secret."""
        ...
