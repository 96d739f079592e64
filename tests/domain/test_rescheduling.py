"""Moving a lesson: one side proposes, the other accepts."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from domain.bookings import Booking, BookingStatus, Party, PaymentState, RescheduleNotPossible
from domain.errors import InvalidField
from domain.events import BookingRescheduled, RescheduleProposed
from tests.builders import LESSON_AT, NOW, a_booking, after

ENDS_AT = LESSON_AT + timedelta(hours=1)
LATER = LESSON_AT + timedelta(days=7)
SOONER = LESSON_AT - timedelta(days=1)
LATE = LESSON_AT - timedelta(hours=18)
"""Inside the window of the moderate policy, which gives all back up to 24 hours before."""


def proposed(
    starts_at: datetime = LATER, *, by: Party = Party.STUDENT, at: datetime = NOW
) -> Booking:
    return a_booking().propose_reschedule(starts_at, by=by, at=at)


def test_a_proposal_waits_for_the_other_side() -> None:
    booking = proposed()

    assert booking.reschedule is not None
    assert booking.reschedule.starts_at == LATER
    assert booking.reschedule.answer_by == after(hours=48)
    assert booking.period.start == LESSON_AT
    assert booking.events == (RescheduleProposed(booking="bk_1", by="student", at=NOW),)


def test_it_is_answered_before_the_old_start() -> None:
    booking = proposed(at=LESSON_AT - timedelta(hours=5))

    assert booking.reschedule is not None
    assert booking.reschedule.answer_by == LESSON_AT


def test_the_slot_moves_on_acceptance() -> None:
    moved = proposed().accept_reschedule(by=Party.TEACHER, at=after(hours=1))

    assert moved.period.start == LATER
    assert moved.period.minutes == 60
    assert moved.price == a_booking().price
    assert moved.completes_at == LATER + timedelta(hours=25)
    assert moved.reschedule is None
    assert moved.events[-1] == BookingRescheduled(booking="bk_1", at=after(hours=1))


def test_notice_counts_from_the_new_start_when_it_is_moved_in_good_time() -> None:
    assert proposed().accept_reschedule(by=Party.TEACHER, at=NOW).notice_from == LATER
    assert proposed(SOONER).accept_reschedule(by=Party.TEACHER, at=NOW).notice_from == SOONER


def test_notice_counts_from_the_earlier_start_when_it_is_moved_inside_the_window() -> None:
    moved = proposed(at=LATE).accept_reschedule(by=Party.TEACHER, at=LATE)

    assert moved.notice_from == LESSON_AT
    assert moved.terms.policy.refund_percent(moved.notice_from, LATE) == 50


def test_moving_it_twice_does_not_escape_the_window() -> None:
    moved = proposed(at=LATE).accept_reschedule(by=Party.TEACHER, at=LATE)
    again = moved.propose_reschedule(
        LATER + timedelta(days=7), by=Party.STUDENT, at=LATE
    ).accept_reschedule(by=Party.TEACHER, at=LATE)

    assert again.notice_from == LESSON_AT


def test_the_payment_window_never_reaches_beyond_the_new_start() -> None:
    sooner = after(hours=3)
    moved = proposed(sooner).accept_reschedule(by=Party.TEACHER, at=after(hours=1))

    assert moved.payment_due_at == sooner


def test_a_free_lesson_has_no_payment_window_afterwards_either() -> None:
    booking = a_booking(payment_due_at=None).propose_reschedule(LATER, by=Party.STUDENT, at=NOW)

    assert booking.accept_reschedule(by=Party.TEACHER, at=NOW).payment_due_at is None


@pytest.mark.parametrize("by", [Party.STUDENT, Party.TEACHER])
def test_who_proposed_it_does_not_accept_it(by: Party) -> None:
    with pytest.raises(RescheduleNotPossible, match="other side"):
        proposed(by=by).accept_reschedule(by=by, at=NOW)


def test_an_answer_that_comes_too_late_moves_nothing() -> None:
    with pytest.raises(RescheduleNotPossible):
        proposed().accept_reschedule(by=Party.TEACHER, at=after(hours=48))


def test_a_start_that_has_passed_meanwhile_is_refused() -> None:
    booking = proposed(after(hours=3))

    with pytest.raises(InvalidField):
        booking.accept_reschedule(by=Party.TEACHER, at=after(hours=3))


@pytest.mark.parametrize("starts_at", [NOW, NOW - timedelta(days=1), LESSON_AT])
def test_a_lesson_moves_to_another_start_that_lies_ahead(starts_at: datetime) -> None:
    with pytest.raises(InvalidField):
        proposed(starts_at)


def test_a_lesson_that_has_started_is_not_moved() -> None:
    with pytest.raises(RescheduleNotPossible):
        proposed(at=LESSON_AT)


@pytest.mark.parametrize(
    "status", [status for status in BookingStatus if status is not BookingStatus.CONFIRMED]
)
def test_only_a_confirmed_lesson_is_moved(status: BookingStatus) -> None:
    with pytest.raises(RescheduleNotPossible):
        a_booking(status=status).propose_reschedule(LATER, by=Party.STUDENT, at=NOW)


def test_another_proposal_replaces_the_first() -> None:
    booking = proposed().propose_reschedule(SOONER, by=Party.TEACHER, at=NOW)

    assert booking.accept_reschedule(by=Party.STUDENT, at=NOW).period.start == SOONER


def test_a_proposal_is_turned_down_or_taken_back() -> None:
    declined = proposed().decline_reschedule(at=after(hours=1))

    assert declined.reschedule is None
    assert declined.period.start == LESSON_AT
    with pytest.raises(RescheduleNotPossible):
        declined.decline_reschedule(at=after(hours=2))
    with pytest.raises(RescheduleNotPossible):
        declined.accept_reschedule(by=Party.TEACHER, at=after(hours=2))


@pytest.mark.parametrize(
    "end",
    [
        lambda it: it.cancel(by=Party.STUDENT, reason="ill", at=NOW),
        lambda it: it.complete(at=ENDS_AT),
        lambda it: it.report_no_show(Party.STUDENT, by=Party.TEACHER, at=ENDS_AT),
        lambda it: evolve(it, payment_status=PaymentState.UNPAID).on_deadline(at=ENDS_AT),
    ],
    ids=["cancelled", "completed", "no-show", "expired"],
)
def test_a_proposal_ends_with_its_booking(end: Callable[[Booking], Booking]) -> None:
    ended = end(evolve(proposed(), payment_status=PaymentState.PAID))

    assert ended.reschedule is None
