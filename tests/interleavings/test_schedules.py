"""Which schedules are played, and that the meetings would notice what must not happen."""

from collections import Counter
from math import comb

import pytest
from attrs import evolve

from tests.interleavings.actions.giving_back import admin_refunds_sixty
from tests.interleavings.actions.paying import student_charges_the_card, student_opens_an_intent
from tests.interleavings.ground import Ground, answered_by
from tests.interleavings.groups import GROUPS
from tests.interleavings.groups.giving_back import PAID_BOOKING
from tests.interleavings.groups.paying import UNPAID_BOOKING
from tests.interleavings.meeting import Meeting, meetings_of, scene_of
from tests.interleavings.outcomes import outcome_of
from tests.interleavings.schedules import (
    Bounds,
    Trace,
    Turn,
    explore,
    preemptions_of,
    spread,
    word_of,
)

ALL = Bounds(all_of=100_000, some_of=0)


class Tasks:
    """Tasks that take a fixed number of turns each, and note the words that they were played by."""

    def __init__(self, **turns: int) -> None:
        self.turns = turns
        self.traces: list[Trace] = []

    def play(self, word: str) -> Trace:
        left, trace = Counter(self.turns), list[Turn]()
        while able := "".join(letter for letter in self.turns if left[letter]):
            last = trace[-1].taken if trace else able[0]
            wanted = word[len(trace)] if len(trace) < len(word) else last
            taken = wanted if wanted in able else able[0]
            left[taken] -= 1
            trace.append(Turn(taken, able))
        self.traces.append(tuple(trace))
        return tuple(trace)

    @property
    def words(self) -> list[str]:
        return [word_of(trace) for trace in self.traces]


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 3), (4, 4), (6, 3)])
def test_every_order_of_two_is_played_once(a: int, b: int) -> None:
    tasks = Tasks(a=a, b=b)
    explored = explore(tasks.play, ALL)
    assert explored.is_complete
    assert explored.played == len(tasks.words) == len(set(tasks.words)) == comb(a + b, a)


def test_every_order_of_three_is_played_once() -> None:
    tasks = Tasks(a=2, b=2, c=2)
    assert explore(tasks.play, ALL).played == len(set(tasks.words)) == 90


def test_of_two_that_are_alike_the_first_begins() -> None:
    tasks = Tasks(a=3, b=3)
    assert explore(tasks.play, ALL, are_alike=True).played == comb(6, 3) // 2
    assert {word[0] for word in tasks.words} == {"a"}


def test_those_with_few_preemptions_are_played_first() -> None:
    tasks = Tasks(a=4, b=4)
    explore(tasks.play, ALL)
    preemptions = [preemptions_of(trace) for trace in tasks.traces]
    assert preemptions == sorted(preemptions)
    assert set(tasks.words[:2]) == {"aaaabbbb", "bbbbaaaa"}


def test_where_there_are_too_many_all_with_two_preemptions_come_before_some_with_three() -> None:
    tasks = Tasks(a=6, b=6)
    explored = explore(tasks.play, Bounds(all_of=70, some_of=70))
    assert (explored.played, explored.is_complete) == (70, False)
    assert Counter(map(preemptions_of, tasks.traces)) == {0: 2, 1: 10, 2: 50, 3: 8}


def test_an_even_spread_reaches_from_the_first_to_near_the_last() -> None:
    assert spread("abcdefghij", 5) == ["a", "c", "e", "g", "i"]
    assert spread("abc", 5) == "abc"


def test_a_schedule_is_the_same_when_it_is_played_again() -> None:
    with scene_of(UNPAID_BOOKING) as scene:
        crossing = scene.ground.stage.crossing
        actions = [
            ("opens", lambda: student_opens_an_intent(scene.ground)),
            ("charges", lambda: student_charges_the_card(scene.ground)),
        ]
        seen = []
        for _ in range(2):
            scene.bookmark.go_back()
            trace = crossing.play(actions, "abab")
            answers = tuple(errand.answer for errand in crossing.errands)
            ids = tuple(each.id for each in scene.ground.everything("operations"))
            seen.append((trace, answers, ids, tuple(crossing.told)))
        assert seen[0] == seen[1]


def test_going_back_undoes_all_that_was_done() -> None:
    with scene_of(PAID_BOOKING) as scene:
        scene.bookmark.go_back()
        before = outcome_of(scene.ground, with_cards=True)
        admin_refunds_sixty(scene.ground)
        scene.ground.stage.recover()
        assert outcome_of(scene.ground, with_cards=True) != before
        scene.bookmark.go_back()
        assert outcome_of(scene.ground, with_cards=True) == before


def test_every_group_meets_itself_and_all_of_its_others() -> None:
    pairs = meetings_of(GROUPS, 2)
    assert len(pairs) == sum(len(each.actions) * (len(each.actions) + 1) // 2 for each in GROUPS)
    assert len(pairs) >= 60


# --- What the meetings would notice --------------------------------------------------------------


def refunds_forty_unless_somebody_has(ground: Ground) -> None:
    """Plant the oldest of races: look first, and do it later without looking again."""
    if ground.stage.world.chronicle.refunds():
        return
    ground.end_turn()
    ground.stage.world.outside.refund_payment(ground.named["intent"], 40_00)


def test_what_no_serial_order_ends_like_is_noticed_and_told_with_its_schedule() -> None:
    act = refunds_forty_unless_somebody_has
    careless = Meeting(evolve(PAID_BOOKING, actions=(act,)), (act, act))
    with pytest.raises(AssertionError, match="no serial order ends like this") as raised:
        careless.explore(ALL)
    assert raised.value.__notes__[0] == "Replay it with TUITION_SCHEDULE='ab'. What happened:"


def test_one_schedule_can_be_played_alone() -> None:
    act = refunds_forty_unless_somebody_has
    careless = Meeting(evolve(PAID_BOOKING, actions=(act,)), (act, act))
    assert careless.explore(ALL, only="aab").played == 3
    with pytest.raises(AssertionError, match="no serial order ends like this"):
        careless.explore(ALL, only="abab")


# --- What they have found ------------------------------------------------------------------------


def test_a_card_is_charged_though_an_intent_is_being_made_for_the_browser() -> None:
    with scene_of(UNPAID_BOOKING) as scene:
        scene.bookmark.go_back()
        crossing = scene.ground.stage.crossing
        actions = [
            ("opens", lambda: student_opens_an_intent(scene.ground)),
            ("charges", lambda: student_charges_the_card(scene.ground)),
        ]
        crossing.play(actions, "aaab")
        charged = crossing.errands[1].answer
        assert charged is not None
        assert answered_by(charged)["status"] == "succeeded"
