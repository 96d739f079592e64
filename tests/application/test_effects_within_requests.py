"""A lost answer is looked for inside the request, also where the effect must happen in the end."""

import pytest

from application.bookings import CancelBooking
from application.ports.test_mode import Fault, FaultKind
from domain.bookings import PaymentState
from tests.market import Market


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.LOST_REQUEST])
def test_a_cancellation_whose_refund_was_answered_into_the_void_is_true_at_once(
    kind: FaultKind,
) -> None:
    with Market() as market:
        teacher, student = market.teacher(), market.student()
        booking = market.book(student, market.gig(teacher))
        market.pay(student, booking)
        market.world.controls.faults.add_fault(Fault(method="create_refund", kind=kind))

        market.do(CancelBooking(booking_id=booking, reason="ill"), student)

        assert market.booking(booking).payment_status is PaymentState.REFUNDED
