"""A student who takes the money back calls the lesson off, and gets the money."""

from datetime import timedelta

from application.ports.test_mode import FaultKind
from domain.bookings import BookingStatus
from domain.payments import PaymentStatus
from tests.market import Market


def test_a_busy_gateway_only_puts_off_the_refund_that_called_a_lesson_off() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.fault("create_refund", FaultKind.RATE_LIMITED, times=3)

    market.refund(lesson.student, lesson.payment)

    assert market.booking(lesson.booking).status is BookingStatus.CANCELLED
    market.wall.advance(timedelta(minutes=2))
    market.settle()
    assert market.payment(lesson.payment).status is PaymentStatus.REFUNDED
