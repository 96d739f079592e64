"""What becomes of lessons, by people and by the worker."""

from datetime import timedelta

from application.bookings import AdvanceBooking
from application.commands import Actor
from application.ports.test_mode import Fault, FaultKind
from domain.gigs import Confirmation
from entrypoints.http.controllers import bookings, payments
from entrypoints.http.endpoints import Endpoint
from entrypoints.simulation.client import Body
from tests.crash.scenarios.openings import PRICE, booked, paid, pays_in_browser
from tests.crash.stage import Later, Scene, Stage
from tests.crash.whole import Tally


def completing_a_lesson(stage: Stage) -> Scene:
    teacher, _, booking = paid(stage)
    stage.clock.advance(timedelta(days=2, hours=1))
    complete = stage.request(teacher, bookings.complete_booking, {}, booking_id=booking)
    return Scene((complete, stage.settle), Tally(charged=PRICE, customers=1))


def agreeing_and_moving(stage: Stage) -> Scene:
    teacher, student = stage.teacher(), stage.student()
    gig = stage.gig(teacher, confirmation=Confirmation.TEACHER)
    starts_at = stage.clock.now() + timedelta(days=2)
    body = {"gig_id": gig, "starts_at": starts_at, "duration_minutes": 60}
    book = stage.request(student, bookings.book, body)
    later = {"starts_at": starts_at + timedelta(days=1)}

    def then(actor: Actor, endpoint: Endpoint, body: Body) -> Later:
        return Later(lambda: stage.request(actor, endpoint, body, booking_id=book.result()["id"]))

    return Scene(
        (
            book,
            then(teacher, bookings.confirm_booking, {}),
            then(student, bookings.propose_reschedule, later),
            then(teacher, bookings.accept_reschedule, {}),
            stage.settle,
        ),
        Tally(),
    )


def expiring_unpaid(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    stage.clock.advance(timedelta(minutes=16))
    return Scene((stage.settle,), Tally(customers=1))


def ending_by_itself(stage: Stage) -> Scene:
    paid(stage)
    stage.clock.advance(timedelta(days=4))
    return Scene((stage.settle,), Tally(charged=PRICE, customers=1))


def paying_too_late(stage: Stage) -> Scene:
    """Let a payment succeed after its booking expired and its slot went to somebody else."""
    teacher, student = stage.teacher(), stage.student()
    gig, starts_at = stage.gig(teacher), stage.clock.now() + timedelta(days=2)
    booking = stage.book(student, gig, starts_at=starts_at)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    stage.clock.advance(timedelta(minutes=16))
    stage.do(AdvanceBooking(booking_id=booking))
    pays_in_browser(stage, booking)
    stage.book(stage.student("sue"), gig, starts_at=starts_at)
    return Scene((stage.settle,), Tally(charged=PRICE, refunded=PRICE, customers=1))


def paying_late_for_a_slot_that_is_free(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    stage.clock.advance(timedelta(minutes=16))
    stage.do(AdvanceBooking(booking_id=booking))
    pays_in_browser(stage, booking)
    return Scene((stage.settle,), Tally(charged=PRICE, customers=1))


def learning_the_gateways_fee_late(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    fault = Fault(method="confirm_in_browser", kind=FaultKind.LATE_SETTLEMENT, delay_seconds=60)
    stage.world.controls.faults.add_fault(fault)
    pays_in_browser(stage, booking)
    stage.settle()
    stage.clock.advance(timedelta(minutes=2))
    return Scene((stage.settle,), Tally(charged=PRICE, customers=1))
