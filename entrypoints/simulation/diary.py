"""What happened, in order: the last lines to read, and a hash over all of them to compare."""

from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from attrs import define, field

LINES_KEPT = 60


@define
class Diary:
    """Write down everything that follows from the seed."""

    step: int = 0
    kept: deque[str] = field(factory=lambda: deque(maxlen=LINES_KEPT))
    counts: Counter[str] = field(factory=Counter)
    lines: int = 0
    listener: Callable[[str], None] | None = None
    """Somebody who reads along."""
    _hash: Any = field(factory=sha256)

    def note(self, who: str, what: str, at: datetime) -> None:
        """Add a line."""
        line = f"{self.step} {at:%m-%dT%H:%M:%S.%f} {who}: {what}"
        self._hash.update(line.encode())
        self.kept.append(line)
        self.lines += 1
        if self.listener is not None:
            self.listener(line)

    def count(self, what: str, number: int = 1) -> None:
        """Count something for the summary."""
        self.counts[what] += number

    @property
    def digest(self) -> str:
        """Return the hash of all lines so far: the same for the same seed."""
        found: str = self._hash.hexdigest()[:16]
        return found
