"""What becomes of lessons, by people and by the worker."""

from datetime import timedelta

from application.bookings import AdvanceBooking
from application.commands import Actor
from application.ports.test_mode import Fault, FaultKind
from domain.gigs import Confirmation
from domain.ids import BookingId
from entrypoints.http.controllers import bookings, payments
from entrypoints.http.endpoints import Endpoint
from entrypoints.simulation.client import Body
from tests.crash.requests import Later
from tests.crash.scenarios.openings import PRICE, booked, paid, pays_in_browser, requested
from tests.crash.stage import Scene, Stage
from tests.crash.whole import Tally


def completing_a_lesson(stage: Stage) -> Scene:
    teacher, _, booking = paid(stage)
    stage.clock.advance(timedelta(days=2, hours=1))
    complete = stage.request(teacher, bookings.complete_booking, {}, booking_id=booking)
    return Scene((complete, stage.settle), Tally(charged=PRICE, customers=1))


def lapsing_unanswered(stage: Stage) -> Scene:
    requested(stage)
    stage.clock.advance(timedelta(hours=49))
    return Scene((stage.settle,), Tally())


def turning_a_request_down(stage: Stage) -> Scene:
    teacher, _, booking = requested(stage)
    decline = stage.request(teacher, bookings.decline_booking, {}, booking_id=booking)
    return Scene((decline, stage.settle), Tally())


def taking_a_request_back(stage: Stage) -> Scene:
    _, student, booking = requested(stage)
    cancel = stage.request(student, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking)
    return Scene((cancel, stage.settle), Tally())


def proposing_and_turning_down_another_time(stage: Stage) -> Scene:
    teacher, student, booking = booked(stage)
    later = {"starts_at": stage.clock.now() + timedelta(days=3)}
    propose = stage.request(teacher, bookings.propose_reschedule, later, booking_id=booking)
    decline = stage.request(student, bookings.decline_reschedule, {}, booking_id=booking)
    return Scene((propose, decline, stage.settle), Tally())


def reporting_a_student_who_did_not_come(stage: Stage) -> Scene:
    teacher, _, booking = paid(stage)
    stage.clock.advance(timedelta(days=2, minutes=30))
    absent = {"who": "student"}
    report = stage.request(teacher, bookings.report_no_show, absent, booking_id=booking)
    return Scene(
        (report, lambda: _contest_window_ends(stage, booking), stage.settle),
        Tally(charged=PRICE, customers=1),
    )


def reporting_a_teacher_who_did_not_come(stage: Stage) -> Scene:
    _, student, booking = paid(stage)
    stage.clock.advance(timedelta(days=2, minutes=30))
    absent = {"who": "teacher"}
    report = stage.request(student, bookings.report_no_show, absent, booking_id=booking)

    return Scene(
        (report, lambda: _contest_window_ends(stage, booking), stage.settle),
        Tally(charged=PRICE, refunded=PRICE, customers=1),
    )


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


def _contest_window_ends(stage: Stage, booking: BookingId) -> None:
    found = stage.booking(booking)
    stage.clock.move_to(found.period.start + timedelta(days=4))
