"""What the worker does besides lessons, payments and webhooks."""

from datetime import timedelta

from application.bookings import AdvanceBooking
from entrypoints.http.controllers import gigs, payments
from tests.crash.scenarios.openings import PRICE, booked, paid
from tests.crash.stage import Scene, Stage
from tests.crash.whole import Tally


def forgetting_keys_that_nobody_uses_again(stage: Stage) -> Scene:
    offer = {"title": "Spanish", "hourly_rate": "75.00", "currency": "usd"}
    stage.request(stage.teacher(), gigs.publish_gig, offer)()
    stage.wall.advance(timedelta(days=3))
    return Scene((stage.settle,), Tally())


def telling_staff_of_a_refund_that_a_bank_returned(stage: Stage) -> Scene:
    _, student, booking = paid(stage)
    payment = stage.payment_of(booking).id
    stage.request(student, payments.refund_payment, {"reason": "ill"}, payment_id=payment)()
    stage.settle()
    (made,) = stage.world.chronicle.refunds()
    stage.world.controls.outside.fail_refund(made.id)
    stage.staff.topics.clear()

    def staff_know() -> None:
        assert stage.staff.topics  # At least once: who dies after telling tells again.

    return Scene((stage.settle, staff_know), Tally(charged=PRICE, customers=1))


def advancing_one_booking(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    stage.clock.advance(timedelta(minutes=16))
    advance = AdvanceBooking(booking_id=booking)
    return Scene((lambda: stage.do(advance), stage.settle), Tally(customers=1))
