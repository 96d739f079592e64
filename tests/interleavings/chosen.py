"""Which meetings there are in a run, and how much of each is played.

All schedules of a meeting are played where there are 70 at most, and else the 10 with the fewest
preemptions. `TUITION_INTERLEAVINGS=70` (or any number) plays more of the long ones; `all` plays all
up to 1,000 and else 300, and lets triples meet. `TUITION_SCHEDULE=aabba` plays just this one, of
the meeting that a test id names.
"""

import os

from tests.interleavings.groups import GROUPS
from tests.interleavings.meeting import Meeting, meetings_of
from tests.interleavings.schedules import Bounds

WANTED = os.environ.get("TUITION_INTERLEAVINGS", "10")
ONLY = os.environ.get("TUITION_SCHEDULE")

BY_HAND = {2: Bounds(all_of=1_000, some_of=300), 3: Bounds(all_of=70, some_of=30)}


def chosen() -> dict[str, tuple[Meeting, Bounds]]:
    """Return the meetings of this run by name, each with its bounds."""
    sizes = BY_HAND if WANTED == "all" else {2: Bounds(all_of=70, some_of=int(WANTED))}
    return {
        name: (meeting, bounds)
        for size, bounds in sizes.items()
        for name, meeting in meetings_of(GROUPS, size).items()
    }
