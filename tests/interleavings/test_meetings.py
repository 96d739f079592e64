"""Actions that share something meet in every order of their turns.

All schedules of a meeting are played where there are 70 at most, and else some. By hand,
`TUITION_INTERLEAVINGS=70` (or any number) plays more of the long ones, and `all` every schedule of
any two, and the first 70 of any three. `TUITION_SCHEDULE=aabba` plays just this one, of the meeting
that is named by its test id.
"""

import os

import pytest

from tests.interleavings.groups import GROUPS
from tests.interleavings.meeting import Meeting, meetings_of
from tests.interleavings.schedules import Bounds

WANTED = os.environ.get("TUITION_INTERLEAVINGS", "10")
ONLY = os.environ.get("TUITION_SCHEDULE")
BY_HAND = WANTED == "all"

MOST = 20_000
"""Where even a run by hand of all schedules is cut off."""

OF_TWO = Bounds(all_of=MOST, some_of=MOST) if BY_HAND else Bounds(all_of=70, some_of=int(WANTED))
OF_THREE = Bounds(all_of=70, some_of=70)

MEETINGS: dict[str, tuple[Meeting, Bounds]] = {
    name: (meeting, bounds)
    for size, bounds in ((2, OF_TWO), *(((3, OF_THREE),) if BY_HAND else ()))
    for name, meeting in meetings_of(GROUPS, size).items()
}


@pytest.mark.parametrize(
    "name",
    # A process that plays a whole group arranges its scene once.
    [
        pytest.param(name, marks=pytest.mark.xdist_group(meeting.group.name))
        for name, (meeting, _) in MEETINGS.items()
    ],
)
def test_those_who_meet_end_as_if_they_had_come_one_after_another(name: str) -> None:
    meeting, bounds = MEETINGS[name]
    assert meeting.explore(bounds, ONLY).played
