"""Book-and-pay in one call, tried again after the gateway did not take the first try."""

from datetime import timedelta

import pytest

from application.cards import AddCard
from application.payments import ProcessPayment
from application.ports.test_mode import FaultKind
from domain.bookings import BookingStatus, PaymentState, SlotTaken
from domain.errors import GatewayUnavailable
from tests.market import Market


def test_the_same_request_after_a_busy_gateway_pays_the_booking_that_was_made() -> None:
    with Market() as market:
        gig, student = market.gig(market.teacher()), market.student()
        market.do(AddCard(payment_method_id="pm_card_visa"), student)
        start = market.clock.now() + timedelta(days=2)
        wanted = ProcessPayment(gig_id=gig, starts_at=start, minutes=60)
        market.fault("create_payment", FaultKind.RATE_LIMITED, times=3)
        with pytest.raises(GatewayUnavailable):
            market.do(wanted, student)

        paid = market.payment(market.do(wanted, student).payment_id)

        assert paid.booking_id is not None
        booking = market.booking(paid.booking_id)
        assert (booking.status, booking.payment_status) == (
            BookingStatus.CONFIRMED,
            PaymentState.PAID,
        )
        with pytest.raises(SlotTaken):
            market.do(wanted, student)
