"""A booking that is called off shows at once how its payment stands."""

import pytest

from application.bookings import CancelBooking
from application.payments import CreatePaymentIntent
from application.ports.test_mode import FaultKind
from domain.bookings import PaymentState
from domain.errors import GatewayUnavailable
from domain.payments import PaymentStatus
from tests.market import Market


def test_a_booking_called_off_is_unpaid_when_the_gateway_never_saw_its_payment() -> None:
    market = Market()
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    market.fault("create_payment", FaultKind.RATE_LIMITED, times=3)
    with pytest.raises(GatewayUnavailable):
        market.do(CreatePaymentIntent(booking_id=booking), student)

    market.do(CancelBooking(booking_id=booking, reason="A cold."), student)

    assert [payment.status for payment in market.payments()] == [PaymentStatus.CANCELED]
    assert market.booking(booking).payment_status is PaymentState.UNPAID


def test_a_booking_called_off_is_unpaid_before_the_gateway_has_cancelled_its_payment() -> None:
    market = Market()
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    market.do(CreatePaymentIntent(booking_id=booking), student)

    market.do(CancelBooking(booking_id=booking, reason="A cold."), student)

    assert [payment.status for payment in market.payments()] == [PaymentStatus.CANCELING]
    assert market.booking(booking).payment_status is PaymentState.UNPAID


def test_a_booking_that_expires_is_unpaid_when_the_gateway_never_saw_its_payment() -> None:
    market = Market()
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    market.fault("create_payment", FaultKind.RATE_LIMITED, times=3)
    with pytest.raises(GatewayUnavailable):
        market.do(CreatePaymentIntent(booking_id=booking), student)

    market.advance(hours=1)

    assert market.booking(booking).payment_status is PaymentState.UNPAID
