"""A booking that had several payments shows the one that pays for it."""

import pytest

from application.commands import Actor
from application.payments import ConfirmPayment, CreatePaymentIntent
from domain.bookings import BookingStatus, PaymentState
from domain.ids import BookingId, PaymentId
from domain.payments import PaymentStatus
from tests.market import Market


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def student(market: Market) -> Actor:
    return market.student()


@pytest.fixture
def booking(market: Market, student: Actor) -> BookingId:
    return market.book(student, market.gig(market.teacher()))


def canceled_elsewhere(market: Market, student: Actor, booking: BookingId) -> PaymentId:
    """Begin a payment, and let somebody cancel it in the gateway's dashboard."""
    payment = market.do(CreatePaymentIntent(booking_id=booking), student).payment_id
    gateway_id = market.payment(payment).gateway_id
    assert gateway_id is not None
    market.world.gateway.payments.cancel_payment(gateway_id, key="dashboard")
    market.settle()
    assert market.payment(payment).status is PaymentStatus.CANCELED
    assert market.booking(booking).payment_status is PaymentState.UNPAID
    return payment


def test_news_of_an_older_payment_does_not_unpay_a_booking(
    market: Market, student: Actor, booking: BookingId
) -> None:
    old = canceled_elsewhere(market, student, booking)
    market.pay(student, booking)

    market.do(ConfirmPayment(payment_id=old), student)

    assert market.booking(booking).payment_status is PaymentState.PAID
    market.advance(days=4)
    assert market.booking(booking).status is BookingStatus.COMPLETED


def test_news_of_an_older_payment_does_not_end_the_wait_for_a_slow_one(
    market: Market, student: Actor, booking: BookingId
) -> None:
    old = canceled_elsewhere(market, student, booking)
    market.pay(student, booking, "pm_usBankAccount_success")
    assert market.booking(booking).payment_is_processing

    market.do(ConfirmPayment(payment_id=old), student)

    assert market.booking(booking).payment_is_processing
    assert market.booking(booking).payment_status is PaymentState.PENDING
