"""How a lesson ends when it took place: said by its teacher, by staff, or by itself."""

from datetime import timedelta

import pytest

from application.bookings import CompleteBooking
from application.ports.storage import AuditFilter, PageRequest
from domain.bookings import (
    BookingNotConfirmed,
    BookingNotEnded,
    BookingNotPaid,
    BookingStatus,
    PaymentState,
)
from domain.errors import Forbidden, InvalidField, NotFound
from domain.gigs import Teaching
from domain.ids import BookingId
from domain.payments import Stage
from domain.policies import Outcome
from tests.builders import after, dollars
from tests.market import Lesson, Market, the_id


@pytest.fixture
def market() -> Market:
    return Market()


def until_the_end(market: Market, lesson: Lesson, **later: float) -> None:
    moment = market.booking(lesson.booking).period.end + timedelta(**later)
    market.advance(seconds=(moment - market.clock.now()).total_seconds())


def test_a_completed_lesson_earns_the_share_and_the_fee(market: Market) -> None:
    lesson = market.paid_lesson()
    market.complete(lesson.teacher, lesson.booking)
    booking = market.booking(lesson.booking)
    assert (booking.status, booking.outcome) == (BookingStatus.COMPLETED, Outcome.COMPLETED)
    assert market.payment(lesson.payment).stage is Stage.EARNED
    assert market.books() == {
        "cash:gateway": 7252,
        "processing": 248,
        "payable:tina": -6375,
        "fee": -1125,
    }


@pytest.mark.parametrize(
    ("price", "settings", "fee", "share"),
    [
        ("10.00", {"TUITION_FEE_BASIS_POINTS": "500", "TUITION_FEE_MINIMUM": "1.00"}, 100, 900),
        ("40.00", {"TUITION_FEE_BASIS_POINTS": "500", "TUITION_FEE_MINIMUM": "1.00"}, 200, 3800),
        ("0.50", {"TUITION_FEE_BASIS_POINTS": "500", "TUITION_FEE_MINIMUM": "1.00"}, 50, 0),
        ("33.33", {}, 500, 2833),
        ("75.00", {"TUITION_FEE_CAP": "5.00"}, 500, 7000),
        ("75.00", {"TUITION_FEE_BASIS_POINTS": "0"}, 0, 7500),
    ],
)
def test_the_fee_follows_its_schedule(
    price: str, settings: dict[str, str], fee: int, share: int
) -> None:
    market = Market(settings=settings)
    lesson = market.paid_lesson(hourly_rate=price)
    market.complete(lesson.teacher, lesson.booking)
    books = market.books()
    assert (-books.get("fee", 0), -books.get("payable:tina", 0)) == (fee, share)


def test_a_yen_lesson_is_split_in_whole_yen() -> None:
    market = Market(settings={"TUITION_FEE_BASIS_POINTS": "1250"})
    lesson = market.paid_lesson(hourly_rate="1003", currency="jpy")
    market.complete(lesson.teacher, lesson.booking)
    books = market.books()
    assert (books["fee"], books["payable:tina"]) == (-125, -878)


def test_two_teachers_earn_by_their_weights(market: Market) -> None:
    student, tina, tom = market.student(), market.teacher(), market.teacher("tom")
    both = (Teaching(the_id(tina), 1), Teaching(the_id(tom), 1))
    booking = market.book(student, market.gig(tina, teachers=both, hourly_rate="33.33"))
    market.pay(student, booking)
    market.complete(tom, booking)
    assert market.books()["payable:tina"] == -1417
    assert market.books()["payable:tom"] == -1416


def test_a_lesson_is_not_complete_before_its_end(market: Market) -> None:
    lesson = market.paid_lesson()
    until_the_end(market, lesson, seconds=-1)
    with pytest.raises(BookingNotEnded):
        market.do(CompleteBooking(booking_id=lesson.booking), lesson.teacher)
    market.advance(seconds=1)
    market.do(CompleteBooking(booking_id=lesson.booking), lesson.teacher)


def test_a_lesson_that_is_not_paid_cannot_be_completed(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher), starts_at=after(hours=1))
    market.pay(student, booking, "pm_usBankAccount_success")
    market.advance(hours=2)
    assert market.booking(booking).payment_status is PaymentState.PENDING
    with pytest.raises(BookingNotPaid):
        market.do(CompleteBooking(booking_id=booking), teacher)


def test_a_lesson_whose_payment_came_in_after_its_end_completes_itself(market: Market) -> None:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()), starts_at=after(hours=1))
    market.pay(student, booking, "pm_usBankAccount_success")
    market.advance(days=4)
    assert market.booking(booking).status is BookingStatus.COMPLETED
    assert market.books()["payable:tina"] == -6375


def test_a_lesson_completes_itself_a_day_after_its_end(market: Market) -> None:
    lesson = market.paid_lesson()
    until_the_end(market, lesson, hours=24, seconds=-1)
    assert market.booking(lesson.booking).status is BookingStatus.CONFIRMED
    market.advance(seconds=1)
    assert market.booking(lesson.booking).status is BookingStatus.COMPLETED


def test_a_partly_refunded_lesson_is_completed_with_what_remains(market: Market) -> None:
    lesson = market.paid_lesson()
    market.refund(market.admin(), lesson.payment, "15.00")
    market.complete(lesson.teacher, lesson.booking)
    assert market.books() == {
        "cash:gateway": 7252 - 1500,
        "processing": 248,
        "payable:tina": -(6375 - 1275),
        "fee": -(1125 - 225),
    }


def test_a_lesson_is_completed_once(market: Market) -> None:
    lesson = market.paid_lesson()
    market.complete(lesson.teacher, lesson.booking)
    with pytest.raises(BookingNotConfirmed):
        market.do(CompleteBooking(booking_id=lesson.booking), lesson.teacher)


def test_staff_complete_on_the_record(market: Market) -> None:
    lesson, admin = market.paid_lesson(), market.admin()
    market.complete(admin, lesson.booking)
    noted = market.storage.read(
        lambda views: views.audit.list(AuditFilter(subject=lesson.booking), PageRequest())
    )
    assert [entry.action for entry in noted.items] == ["booking.completed"]


def test_students_and_strangers_complete_nothing(market: Market) -> None:
    lesson = market.paid_lesson()
    until_the_end(market, lesson)
    with pytest.raises(Forbidden):
        market.do(CompleteBooking(booking_id=lesson.booking), lesson.student)
    with pytest.raises(NotFound):
        market.do(CompleteBooking(booking_id=lesson.booking), market.teacher("tom"))
    with pytest.raises(NotFound):
        market.do(CompleteBooking(booking_id=BookingId("bk_nothing")), lesson.teacher)


@pytest.mark.parametrize("minutes", [0, 61, -1])
def test_a_lesson_lasted_no_longer_than_it_was_booked(market: Market, minutes: int) -> None:
    lesson = market.paid_lesson()
    until_the_end(market, lesson)
    with pytest.raises(InvalidField):
        market.do(
            CompleteBooking(booking_id=lesson.booking, actual_minutes=minutes), lesson.teacher
        )


def test_a_lesson_by_card_keeps_its_price_though_it_was_shorter(market: Market) -> None:
    lesson = market.paid_lesson()
    until_the_end(market, lesson)
    market.do(CompleteBooking(booking_id=lesson.booking, actual_minutes=20), lesson.teacher)
    assert market.books()["payable:tina"] == -6375


def test_earnings_are_pending_until_two_days_after_the_end_then_available(market: Market) -> None:
    lesson = market.paid_lesson()
    assert market.standing(lesson.teacher).pending == dollars(6375)
    market.complete(lesson.teacher, lesson.booking)
    assert market.standing(lesson.teacher).pending == dollars(6375)
    until_the_end(market, lesson, hours=48, seconds=-1)
    assert market.standing(lesson.teacher).available == dollars(0)
    market.advance(seconds=1)
    standing = market.standing(lesson.teacher)
    assert (standing.pending, standing.available) == (dollars(0), dollars(6375))


def test_earnings_wait_for_the_gateways_funds(market: Market) -> None:
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher), starts_at=after(hours=1))
    payment = market.pay(student, booking, "pm_usBankAccount_success")
    market.advance(days=4)
    available_at = market.payment(payment).funds_available_at
    assert available_at is not None
    assert available_at > market.booking(booking).period.end + timedelta(hours=48)
    market.advance(seconds=(available_at - market.clock.now()).total_seconds() - 1)
    assert market.standing(teacher).available == dollars(0)
    market.advance(seconds=1)
    assert market.standing(teacher).available == dollars(6375)
