"""Play every meeting and print how much there was of each group: by hand.

TUITION_INTERLEAVINGS=all python -m tests.interleavings

A meeting that fails is told with the schedule that replays it, and the others go on.
"""

import sys
import time
import traceback

from attrs import define

from entrypoints.logs import configure_logging
from entrypoints.terminal import Terminal
from tests.interleavings.chosen import chosen

HEADS = ("meetings at", "of", "meetings", "all schedules", "schedules", "seconds", "failed")


@define
class Row:
    """What was played of a group, with so many who meet."""

    meetings: int = 0
    complete: int = 0
    schedules: int = 0
    seconds: float = 0.0
    failed: int = 0

    @property
    def cells(self) -> tuple[str, ...]:
        """Return it as the cells of a table."""
        counts = (self.meetings, self.complete, self.schedules, round(self.seconds), self.failed)
        return tuple(f"{count:,}" for count in counts)


def main() -> int:
    """Play them all; return 1 if one has failed."""
    configure_logging("critical")
    terminal = Terminal()
    rows: dict[tuple[str, str], Row] = {}
    total = Row()
    for name, (meeting, bounds) in chosen().items():
        row = rows.setdefault((meeting.group.name, str(len(meeting.acts))), Row())
        started = time.process_time()
        played, is_complete, has_failed = 0, False, False
        try:
            explored = meeting.explore(bounds)
            played, is_complete = explored.played, explored.is_complete
        except Exception:  # noqa: BLE001 - told, and the others go on
            has_failed = True
            terminal.complain(f"{name}\n{traceback.format_exc()}")
        for each in (row, total):
            each.meetings += 1
            each.complete += is_complete
            each.schedules += played
            each.seconds += time.process_time() - started
            each.failed += has_failed
    table = [(*at, *row.cells) for at, row in rows.items()]
    terminal.table(HEADS, [*table, ("all", "", *total.cells)])
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
