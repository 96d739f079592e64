"""Cancellation policies: how much comes back for how much notice."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidField
from domain.policies import FAULT_OF, PRESETS, CancellationPolicy, Fault, Outcome, Tier
from tests.builders import LESSON_AT
from tests.strategies import policies

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("name", "notice", "percent"),
    [
        ("flexible", timedelta(hours=24), 100),
        ("flexible", timedelta(hours=24) - SECOND, 50),
        ("flexible", timedelta(hours=2), 50),
        ("flexible", timedelta(hours=2) - SECOND, 0),
        ("moderate", timedelta(days=30), 100),
        ("moderate", timedelta(hours=24), 100),
        ("moderate", timedelta(hours=24) - timedelta(microseconds=1), 50),
        ("moderate", timedelta(hours=12), 50),
        ("moderate", timedelta(hours=12) - SECOND, 0),
        ("strict", timedelta(days=7), 100),
        ("strict", timedelta(days=7) - SECOND, 50),
        ("strict", timedelta(hours=48), 50),
        ("strict", timedelta(hours=48) - SECOND, 0),
        ("strict", timedelta(0), 0),
        ("strict", -timedelta(hours=1), 0),
    ],
)
def test_the_first_tier_whose_notice_is_kept_wins_the_boundary_included(
    name: str, notice: timedelta, percent: int
) -> None:
    assert PRESETS[name].refund_percent(LESSON_AT, LESSON_AT - notice) == percent


def test_a_tier_holds_until_its_boundary() -> None:
    moderate = PRESETS["moderate"]

    until = moderate.holds_until(LESSON_AT, LESSON_AT - timedelta(days=2))

    assert until == LESSON_AT - timedelta(hours=24)
    assert moderate.refund_percent(LESSON_AT, until) == 100
    assert moderate.refund_percent(LESSON_AT, until + SECOND) == 50


def test_below_the_last_tier_nothing_changes_any_more() -> None:
    assert PRESETS["moderate"].holds_until(LESSON_AT, LESSON_AT - timedelta(hours=1)) is None


@given(policies(), st.timedeltas(timedelta(0), timedelta(days=400)), st.timedeltas())
def test_waiting_never_brings_more_back(
    policy: CancellationPolicy, notice: timedelta, wait: timedelta
) -> None:
    soon = LESSON_AT - notice
    later = soon + min(abs(wait), timedelta(days=800))

    assert policy.refund_percent(LESSON_AT, later) <= policy.refund_percent(LESSON_AT, soon)


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        (Tier(60, 50), Tier(120, 100)),
        (Tier(60, 50), Tier(60, 0)),
        (Tier(120, 50), Tier(60, 100)),
        (Tier(-1, 50),),
        (Tier(525_601, 50),),
        (Tier(60, 101),),
        (Tier(60, -1),),
    ],
)
def test_tiers_fall_in_notice_and_never_rise_in_percent(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(InvalidField):
        CancellationPolicy("custom", tiers)


def test_a_policy_is_read_by_name_or_as_tiers() -> None:
    assert CancellationPolicy.parse("strict") == PRESETS["strict"]
    assert CancellationPolicy.parse("1440:100,720:50") == CancellationPolicy(
        "custom", (Tier(1440, 100), Tier(720, 50))
    )


@pytest.mark.parametrize(
    "text", ["", "Strict", "60", "60:50:1", "60:x", "60:50,", ":", "60:50;30:0", "9" * 5_000 + ":1"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidField):
        CancellationPolicy.parse(text)


def test_every_outcome_has_somebody_at_fault_or_nobody() -> None:
    assert FAULT_OF == {
        Outcome.COMPLETED: Fault.NONE,
        Outcome.CANCELLED_BY_STUDENT: Fault.STUDENT,
        Outcome.CANCELLED_BY_TEACHER: Fault.TEACHER,
        Outcome.CANCELLED_BY_PLATFORM: Fault.PLATFORM,
        Outcome.STUDENT_NO_SHOW: Fault.STUDENT,
        Outcome.TEACHER_NO_SHOW: Fault.TEACHER,
        Outcome.DECLINED: Fault.TEACHER,
        Outcome.EXPIRED: Fault.NONE,
    }


@pytest.mark.parametrize("tier", [Tier(0, 0), Tier(0, 100), Tier(525_600, 100)])
def test_the_limits_of_a_tier_themselves_are_allowed(tier: Tier) -> None:
    assert CancellationPolicy("custom", (tier,)).tiers == (tier,)


def test_two_tiers_may_give_the_same_back() -> None:
    tiers = (Tier(2, 50), Tier(1, 50))

    assert CancellationPolicy("custom", tiers).tiers == tiers


def test_all_comes_back_unless_the_lesson_took_place_or_the_student_is_the_reason() -> None:
    keeps = {Outcome.COMPLETED, Outcome.CANCELLED_BY_STUDENT, Outcome.STUDENT_NO_SHOW}

    assert {outcome for outcome in Outcome if not outcome.returns_everything} == keeps
