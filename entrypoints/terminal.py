"""What a person at a terminal reads: plain lines for scripts, colours and progress for people.

Rich is imported only where somebody looks: it costs a tenth of a second.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, Protocol, TextIO

from attrs import define, field

SECONDS_BETWEEN_LINES = 5
"""How often scripts, and logs, are told how far something is."""

BOLD, DIM, GREEN, RED, YELLOW, CYAN = "1", "2", "32", "31", "33", "36"


@define
class Terminal:
    """Where a command tells what it does: results on `out`, progress and complaints on `err`."""

    out: TextIO = field(factory=lambda: sys.stdout)
    err: TextIO = field(factory=lambda: sys.stderr)
    asks_json: bool = False

    @property
    def is_for_people(self) -> bool:
        """Tell whether somebody looks at it now."""
        return self.out.isatty() and not self.asks_json

    def styled(self, text: str, *styles: str) -> str:
        """Return the text in colours, where there are any."""
        if not self.is_for_people or not styles:
            return text
        return f"\x1b[{';'.join(styles)}m{text}\x1b[0m"

    def say(self, text: str = "") -> None:
        """Write a line, unless only JSON was asked for."""
        if not self.asks_json:
            print(text, file=self.out, flush=True)

    def answer(self, value: Mapping[str, Any]) -> None:
        """Write the JSON that was asked for."""
        if self.asks_json:
            print(json.dumps(value, indent=2, sort_keys=True), file=self.out, flush=True)

    def complain(self, text: str) -> None:
        """Write a line on the error channel."""
        print(text, file=self.err, flush=True)

    def good(self, text: str) -> None:
        """Say that something is as it should be."""
        self.say(f"{self.styled('✓', GREEN)} {text}")

    def bad(self, text: str) -> None:
        """Say that something is wrong."""
        self.say(f"{self.styled('✗', RED, BOLD)} {text}")

    def aside(self, text: str) -> None:
        """Say something that is worth knowing, and not wrong."""
        self.say(f"{self.styled('·', YELLOW)} {text}")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> None:
        """Write a table: the first column to the left, the others to the right."""
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        self.say(indent + self.styled(_line(heads, widths), DIM))
        for row in rows:
            self.say(indent + _line(row, widths))

    @contextmanager
    def progress(self) -> Iterator["Progress"]:
        """Show how far something is: a bar for people, now and then a line for scripts."""
        if not self.is_for_people:
            yield PlainProgress(self)
            return
        from rich.console import Console
        from rich.progress import Progress as Bars

        with Bars(console=Console(file=self.out), transient=True) as bars:
            yield BarProgress(bars)


class Progress(Protocol):
    """Shows how far something is."""

    def __call__(self, what: str, seen: int, of: int | None) -> None:
        """Tell what is being looked at, how many were seen, and how many there are, if known."""
        ...


@define
class PlainProgress:
    """Lines on the error channel, none for what is soon over."""

    _terminal: Terminal
    _now: Callable[[], float] = monotonic
    _told_at: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._told_at = self._now()

    def __call__(self, what: str, seen: int, of: int | None) -> None:
        """Tell it, unless something was told just now."""
        now = self._now()
        if now - self._told_at >= SECONDS_BETWEEN_LINES:
            self._told_at = now
            self._terminal.complain(f"{what}: {seen:,}" + (f" of {of:,}" if of else ""))


@define
class BarProgress:
    """A bar for each kind of thing that is looked at."""

    _bars: Any
    _tasks: dict[str, Any] = field(factory=dict, init=False)

    def __call__(self, what: str, seen: int, of: int | None) -> None:
        """Move the bar of what is being looked at."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=of)
        self._bars.update(
            self._tasks[what], completed=seen, description=f"{what} [bold]{seen:,}[/bold]"
        )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    columns = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return "  ".join(columns).rstrip()
