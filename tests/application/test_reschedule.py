"""Moving a lesson: one side proposes, the other answers."""

from datetime import datetime, timedelta

import pytest

from application.bookings import (
    AcceptReschedule,
    DeclineReschedule,
    ProposeReschedule,
    QuoteBooking,
)
from application.commands import Actor
from application.ports.storage import AuditFilter, PageRequest
from domain.bookings import BookingStatus, RescheduleNotPossible, SlotTaken
from domain.errors import InvalidField, NotFound
from domain.gigs import Confirmation
from domain.time import period_of
from tests.builders import after, dollars
from tests.market import Lesson, Market

OLD = after(days=2)
NEW = after(days=6)


@pytest.fixture
def market() -> Market:
    return Market()


def propose(market: Market, actor: Actor, lesson: Lesson, to: datetime = NEW) -> None:
    market.do(ProposeReschedule(booking_id=lesson.booking, starts_at=to), actor)


def accept(market: Market, actor: Actor, lesson: Lesson) -> None:
    market.do(AcceptReschedule(booking_id=lesson.booking), actor)


def move(market: Market, lesson: Lesson, to: datetime) -> None:
    propose(market, lesson.student, lesson, to)
    accept(market, lesson.teacher, lesson)


def refund_percent(market: Market, lesson: Lesson) -> int:
    quote = market.do(QuoteBooking(booking_id=lesson.booking, outcome="cancel"), lesson.student)
    return quote.refund_percent


@pytest.mark.parametrize("by_student", [True, False])
def test_the_slot_moves_when_the_other_side_agrees(market: Market, by_student: bool) -> None:
    lesson = market.paid_lesson()
    sides = (lesson.student, lesson.teacher)
    proposer, other = sides if by_student else sides[::-1]
    propose(market, proposer, lesson)
    assert market.booking(lesson.booking).period == period_of(OLD, 60)
    accept(market, other, lesson)
    moved = market.booking(lesson.booking)
    assert moved.period == period_of(NEW, 60)
    assert moved.price == dollars(7500)
    assert moved.reschedule is None
    assert moved.completes_at == NEW + timedelta(hours=25)


def test_a_moved_lesson_completes_itself_after_its_new_end(market: Market) -> None:
    lesson = market.paid_lesson()
    move(market, lesson, NEW)
    market.advance(days=4)
    assert market.booking(lesson.booking).status is BookingStatus.CONFIRMED
    market.advance(days=3, hours=1)
    assert market.booking(lesson.booking).status is BookingStatus.COMPLETED


def test_the_old_slot_is_free_and_the_new_one_taken(market: Market) -> None:
    lesson = market.paid_lesson()
    move(market, lesson, NEW)
    olga = market.student("olga")
    with pytest.raises(SlotTaken):
        market.book(olga, lesson.gig, starts_at=NEW)
    market.book(olga, lesson.gig, starts_at=OLD)


def test_nobody_answers_their_own_proposal(market: Market) -> None:
    lesson = market.paid_lesson()
    propose(market, lesson.student, lesson)
    with pytest.raises(RescheduleNotPossible, match="other side"):
        accept(market, lesson.student, lesson)


def test_staff_may_answer_for_a_side_on_the_record(market: Market) -> None:
    lesson, admin = market.paid_lesson(), market.admin()
    propose(market, lesson.student, lesson)
    accept(market, admin, lesson)
    assert market.booking(lesson.booking).period.start == NEW
    noted = market.storage.read(
        lambda views: views.audit.list(AuditFilter(subject=lesson.booking), PageRequest())
    )
    assert noted.items[0].after["starts_at"] == NEW.isoformat()


@pytest.mark.parametrize("by_student", [True, False])
def test_a_proposal_can_be_turned_down_or_taken_back(market: Market, by_student: bool) -> None:
    lesson = market.paid_lesson()
    propose(market, lesson.student, lesson)
    market.do(
        DeclineReschedule(booking_id=lesson.booking),
        lesson.student if by_student else lesson.teacher,
    )
    assert market.booking(lesson.booking).period.start == OLD
    for command in (
        AcceptReschedule(booking_id=lesson.booking),
        DeclineReschedule(booking_id=lesson.booking),
    ):
        with pytest.raises(RescheduleNotPossible):
            market.do(command, lesson.teacher)


def test_a_proposal_is_answered_within_two_days(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher), starts_at=after(days=10))
    market.pay(student, booking)
    market.do(ProposeReschedule(booking_id=booking, starts_at=after(days=12)), student)
    market.advance(hours=48)
    with pytest.raises(RescheduleNotPossible):
        market.do(AcceptReschedule(booking_id=booking), teacher)


def test_a_proposal_is_answered_before_the_old_start(market: Market) -> None:
    lesson = market.paid_lesson()
    market.advance(hours=47)
    propose(market, lesson.student, lesson)
    market.advance(hours=1)
    with pytest.raises(RescheduleNotPossible):
        accept(market, lesson.teacher, lesson)


def test_a_newer_proposal_replaces_the_older(market: Market) -> None:
    lesson = market.paid_lesson()
    propose(market, lesson.student, lesson, NEW)
    propose(market, lesson.teacher, lesson, NEW + timedelta(days=1))
    accept(market, lesson.student, lesson)
    assert market.booking(lesson.booking).period.start == NEW + timedelta(days=1)


def test_a_lesson_never_moves_onto_another(market: Market) -> None:
    lesson = market.paid_lesson()
    market.book(market.student("olga"), lesson.gig, starts_at=NEW + timedelta(minutes=30))
    propose(market, lesson.student, lesson)
    with pytest.raises(SlotTaken):
        accept(market, lesson.teacher, lesson)
    assert market.booking(lesson.booking).period.start == OLD


def test_a_lesson_may_move_onto_a_part_of_its_own_slot(market: Market) -> None:
    lesson = market.paid_lesson()
    move(market, lesson, OLD + timedelta(minutes=30))
    assert market.booking(lesson.booking).period.start == OLD + timedelta(minutes=30)


def test_a_seat_moves_into_another_group_up_to_its_capacity(market: Market) -> None:
    lesson = market.paid_lesson(capacity=2)
    market.book(market.student("olga"), lesson.gig, starts_at=NEW)
    move(market, lesson, NEW)
    with pytest.raises(SlotTaken):
        market.book(market.student("nils"), lesson.gig, starts_at=NEW)


@pytest.mark.parametrize("to", [OLD, after(hours=-1), after(days=800)])
def test_a_lesson_moves_to_another_time_that_lies_ahead(market: Market, to: datetime) -> None:
    lesson = market.paid_lesson()
    with pytest.raises(InvalidField):
        propose(market, lesson.student, lesson, to)


def test_a_proposed_time_that_has_passed_cannot_be_accepted(market: Market) -> None:
    lesson = market.paid_lesson()
    propose(market, lesson.student, lesson, after(hours=1))
    market.advance(hours=2)
    with pytest.raises(InvalidField):
        accept(market, lesson.teacher, lesson)


def test_a_lesson_that_began_or_is_no_lesson_yet_cannot_be_moved(market: Market) -> None:
    lesson = market.paid_lesson()
    market.advance(hours=48)
    with pytest.raises(RescheduleNotPossible):
        propose(market, lesson.student, lesson)
    gig = market.gig(lesson.teacher, confirmation=Confirmation.TEACHER)
    request = market.book(lesson.student, gig, starts_at=after(days=5))
    with pytest.raises(RescheduleNotPossible):
        market.do(ProposeReschedule(booking_id=request, starts_at=NEW), lesson.student)


def test_strangers_move_nothing(market: Market) -> None:
    lesson, olga = market.paid_lesson(), market.student("olga")
    propose(market, lesson.student, lesson)
    for command in (
        ProposeReschedule(booking_id=lesson.booking, starts_at=NEW),
        AcceptReschedule(booking_id=lesson.booking),
        DeclineReschedule(booking_id=lesson.booking),
    ):
        with pytest.raises(NotFound):
            market.do(command, olga)


def test_calling_a_lesson_off_drops_the_proposal(market: Market) -> None:
    lesson = market.paid_lesson()
    propose(market, lesson.student, lesson)
    market.cancel(lesson.teacher, lesson.booking)
    with pytest.raises(RescheduleNotPossible):
        accept(market, lesson.student, lesson)


# --- Notice and the payment window ---------------------------------------------------------------


def test_moving_in_good_time_starts_the_notice_anew(market: Market) -> None:
    lesson = market.paid_lesson()
    move(market, lesson, NEW)
    market.advance(days=5)
    assert refund_percent(market, lesson) == 100


def test_moving_inside_the_window_keeps_the_earlier_start_for_the_notice(market: Market) -> None:
    lesson = market.paid_lesson()
    market.advance(hours=48 - 20)
    move(market, lesson, NEW)
    assert refund_percent(market, lesson) == 50
    market.advance(hours=10)
    assert refund_percent(market, lesson) == 0
    assert market.cancel(lesson.student, lesson.booking).student == dollars(0)


def test_moving_twice_inside_the_window_keeps_the_earliest_start(market: Market) -> None:
    lesson = market.paid_lesson()
    market.advance(hours=48 - 20)
    move(market, lesson, NEW)
    move(market, lesson, NEW + timedelta(days=1))
    assert market.booking(lesson.booking).notice_from == OLD


def test_a_lesson_moved_earlier_counts_its_notice_from_there(market: Market) -> None:
    lesson = market.paid_lesson()
    earlier = after(hours=10)
    move(market, lesson, earlier)
    assert market.booking(lesson.booking).notice_from == earlier
    assert refund_percent(market, lesson) == 0


def test_an_unpaid_lesson_moved_earlier_is_paid_before_its_new_start(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    gig = market.gig(teacher, confirmation=Confirmation.TEACHER)
    booking = market.book(student, gig)
    market.confirm(teacher, booking)
    market.do(ProposeReschedule(booking_id=booking, starts_at=after(hours=3)), teacher)
    market.do(AcceptReschedule(booking_id=booking), student)
    assert market.booking(booking).payment_due_at == after(hours=3)
    market.advance(hours=3)
    assert market.booking(booking).status is BookingStatus.EXPIRED


def test_moving_an_unpaid_lesson_later_does_not_extend_its_window(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher))
    market.do(ProposeReschedule(booking_id=booking, starts_at=NEW), student)
    market.do(AcceptReschedule(booking_id=booking), teacher)
    assert market.booking(booking).payment_due_at == after(minutes=15)
