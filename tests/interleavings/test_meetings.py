"""Actions that share something meet in every order of their turns.

`TUITION_INTERLEAVINGS` and `TUITION_SCHEDULE` are told of in `chosen.py`.
"""

import pytest

from tests.interleavings.chosen import ONLY, chosen

MEETINGS = chosen()


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
