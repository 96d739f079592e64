"""Somebody did not come: who may say so, when, and what becomes of the money."""

from datetime import timedelta

import pytest

from application.bookings import CompleteBooking, ReportNoShow
from application.commands import Actor
from application.payments import CreatePaymentIntent
from application.ports.storage import AuditFilter, PageRequest
from domain.bookings import (
    BookingNotConfirmed,
    BookingStatus,
    NoShowOutOfTime,
    Party,
    PaymentState,
)
from domain.errors import InvalidField, NotFound
from domain.payments import PaymentStatus
from domain.policies import Fault
from domain.refunds import RefundCause
from tests.market import Lesson, Market

PAID = {"cash:gateway": 7252, "processing": 248}
PENDING = {**PAID, "pending:booking,tina": -6375, "fee_deferred:booking": -1125}
EARNED = {**PAID, "payable:tina": -6375, "fee": -1125}
GIVEN_BACK = {"cash:gateway": -248, "processing": 248}


@pytest.fixture
def market() -> Market:
    return Market()


def after_the_start(market: Market, lesson: Lesson, **by: float) -> None:
    moment = market.booking(lesson.booking).period.start + timedelta(**by)
    market.advance(seconds=(moment - market.clock.now()).total_seconds())


def report(market: Market, actor: Actor, lesson: Lesson, absent: Party) -> None:
    market.do(ReportNoShow(booking_id=lesson.booking, absent=absent), actor)


def test_a_student_who_did_not_come_pays_after_three_days_without_a_contest(
    market: Market,
) -> None:
    lesson = market.paid_lesson()
    after_the_start(market, lesson, minutes=10)
    report(market, lesson.teacher, lesson, Party.STUDENT)
    assert market.booking(lesson.booking).status is BookingStatus.NO_SHOW
    market.advance(hours=72, seconds=-1)
    assert market.books() == PENDING
    market.advance(seconds=1)
    assert market.books() == EARNED
    assert market.booking(lesson.booking).settles_at is None
    assert market.booking(lesson.booking).payment_status is PaymentState.PAID


def test_a_teacher_who_did_not_come_gives_everything_back_after_three_days(
    market: Market,
) -> None:
    lesson = market.paid_lesson()
    after_the_start(market, lesson, minutes=30)
    report(market, lesson.student, lesson, Party.TEACHER)
    assert market.booking(lesson.booking).status is BookingStatus.TEACHER_NO_SHOW
    assert market.books() == PENDING
    market.advance(hours=72)
    assert market.books() == GIVEN_BACK
    (refund,) = market.refunds()
    assert (refund.fault, refund.cause) == (Fault.TEACHER, RefundCause.NO_SHOW)
    assert market.booking(lesson.booking).payment_status is PaymentState.REFUNDED


@pytest.mark.parametrize(
    ("absent", "books"), [(Party.STUDENT, EARNED), (Party.TEACHER, GIVEN_BACK)]
)
def test_what_staff_report_settles_at_once_on_the_record(
    market: Market, absent: Party, books: dict[str, int]
) -> None:
    lesson, admin = market.paid_lesson(), market.admin()
    after_the_start(market, lesson, minutes=30)
    report(market, admin, lesson, absent)
    market.settle()
    assert market.books() == books
    noted = market.storage.read(
        lambda views: views.audit.list(AuditFilter(subject=lesson.booking), PageRequest())
    )
    assert len(noted.items) == 1


@pytest.mark.parametrize("minutes", [-60, 0, 9.99])
def test_nobody_is_absent_before_ten_minutes_have_passed(market: Market, minutes: float) -> None:
    lesson = market.paid_lesson()
    after_the_start(market, lesson, minutes=minutes)
    for actor, absent in ((lesson.teacher, Party.STUDENT), (lesson.student, Party.TEACHER)):
        with pytest.raises(NoShowOutOfTime):
            report(market, actor, lesson, absent)


@pytest.mark.parametrize(("seconds", "is_too_late"), [(0, False), (1, True)])
def test_a_week_after_the_start_it_is_too_late(
    market: Market, seconds: int, is_too_late: bool
) -> None:
    lesson = market.paid_lesson()
    start = market.booking(lesson.booking).period.start
    market.clock.move_to(start + timedelta(days=7, seconds=seconds))  # and no worker came
    if is_too_late:
        with pytest.raises(NoShowOutOfTime):
            report(market, lesson.teacher, lesson, Party.STUDENT)
    else:
        report(market, lesson.teacher, lesson, Party.STUDENT)
        assert market.booking(lesson.booking).status is BookingStatus.NO_SHOW


def test_each_side_reports_the_other_only(market: Market) -> None:
    lesson = market.paid_lesson()
    after_the_start(market, lesson, minutes=30)
    for actor, own in ((lesson.teacher, Party.TEACHER), (lesson.student, Party.STUDENT)):
        with pytest.raises(InvalidField):
            report(market, actor, lesson, own)


def test_a_reported_lesson_does_not_complete(market: Market) -> None:
    lesson = market.paid_lesson()
    after_the_start(market, lesson, minutes=30)
    report(market, lesson.student, lesson, Party.TEACHER)
    market.advance(hours=25)
    assert market.booking(lesson.booking).status is BookingStatus.TEACHER_NO_SHOW
    with pytest.raises(BookingNotConfirmed):
        market.do(CompleteBooking(booking_id=lesson.booking), lesson.teacher)
    with pytest.raises(BookingNotConfirmed):
        report(market, lesson.teacher, lesson, Party.STUDENT)


def test_a_completed_lesson_cannot_be_reported(market: Market) -> None:
    lesson = market.paid_lesson()
    market.complete(lesson.teacher, lesson.booking)
    with pytest.raises(BookingNotConfirmed):
        report(market, lesson.student, lesson, Party.TEACHER)


def test_a_strangers_lesson_cannot_be_reported(market: Market) -> None:
    lesson = market.paid_lesson()
    after_the_start(market, lesson, minutes=30)
    with pytest.raises(NotFound):
        report(market, market.teacher("tom"), lesson, Party.STUDENT)


def test_what_was_refunded_while_a_no_show_was_open_is_not_refunded_again(market: Market) -> None:
    lesson = market.paid_lesson()
    after_the_start(market, lesson, minutes=30)
    report(market, lesson.student, lesson, Party.TEACHER)
    market.refund(market.admin(), lesson.payment, "25.00")
    market.advance(hours=72)
    assert sorted(refund.amount.minor for refund in market.refunds()) == [2500, 5000]
    assert market.books() == GIVEN_BACK


def test_money_of_a_no_show_is_available_two_days_after_the_scheduled_end(market: Market) -> None:
    lesson, admin = market.paid_lesson(), market.admin()
    after_the_start(market, lesson, minutes=30)
    report(market, admin, lesson, Party.STUDENT)
    market.settle()
    after_the_start(market, lesson, hours=49, seconds=-1)
    assert not market.standing(lesson.teacher).available
    market.advance(seconds=1)
    assert market.standing(lesson.teacher).available.minor == 6375


def test_nobody_is_asked_to_pay_for_a_lesson_that_a_teacher_missed(market: Market) -> None:
    """Found by the simulator: its payment stayed open until the contest window was over."""
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher))
    opened = market.do(CreatePaymentIntent(booking_id=booking), student)
    market.clock.move_to(market.booking(booking).period.start + timedelta(minutes=10))

    market.do(ReportNoShow(booking_id=booking, absent=Party.TEACHER), student)
    market.settle()

    assert market.payment(opened.payment_id).status is PaymentStatus.CANCELED
    assert market.booking(booking).payment_status is PaymentState.UNPAID
    assert market.installation.verification().run().findings == ()
