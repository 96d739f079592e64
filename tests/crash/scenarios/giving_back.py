"""Refunds, and cancelling."""

from datetime import timedelta

from application.ports.test_mode import Fault, FaultKind
from entrypoints.http.controllers import bookings, payments
from tests.crash.scenarios.openings import PRICE, SHARE, booked, paid, taught
from tests.crash.stage import Scene, Stage
from tests.crash.whole import Tally


def refunding_a_part(stage: Stage) -> Scene:
    _, _, booking = paid(stage)
    refund = stage.request(
        stage.admin(),
        payments.refund_payment,
        {"amount": "20.00", "reason": "goodwill"},
        payment_id=stage.payment_of(booking).id,
    )
    return Scene((refund, stage.settle), Tally(charged=PRICE, refunded=20_00, customers=1))


def refunding_what_pends(stage: Stage) -> Scene:
    _, _, booking = paid(stage)
    fault = Fault(method="create_refund", kind=FaultKind.REFUND_PENDS)
    stage.world.controls.faults.add_fault(fault)
    refund = stage.request(
        stage.admin(),
        payments.refund_payment,
        {"reason": "ill"},
        payment_id=stage.payment_of(booking).id,
    )

    def bank_settles() -> None:
        for made in stage.world.chronicle.refunds():
            if made.status == "pending":
                stage.world.controls.outside.settle_refund(made.id)

    return Scene(
        (refund, stage.settle, bank_settles, stage.settle),
        Tally(charged=PRICE, refunded=PRICE, customers=1),
    )


def retrying_what_a_bank_returned(stage: Stage) -> Scene:
    admin, returned = stage.admin(), _returned_refund(stage)
    retry = stage.request(admin, payments.retry_refund, {}, refund_id=returned)
    return Scene((retry, stage.settle), Tally(charged=PRICE, refunded=PRICE, customers=1))


def paying_by_hand_what_a_bank_returned(stage: Stage) -> Scene:
    admin, returned = stage.admin(), _returned_refund(stage)
    by_hand = stage.request(
        admin, payments.mark_refund_paid, {"reference": "wire 7"}, refund_id=returned
    )
    return Scene((by_hand, stage.settle), Tally(charged=PRICE, customers=1))


def _returned_refund(stage: Stage) -> str:
    _, student, booking = paid(stage)
    refund = stage.request(
        student, payments.refund_payment, {"reason": "ill"}, payment_id=stage.payment_of(booking).id
    )
    refund()
    stage.settle()
    (made,) = stage.world.chronicle.refunds()
    stage.world.controls.outside.fail_refund(made.id)
    stage.settle()
    found: str = refund.result()["refund_id"]
    return found


def cancelling_with_a_refund(stage: Stage) -> Scene:
    _, student, booking = paid(stage)
    cancel = stage.request(student, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking)
    return Scene((cancel, stage.settle), Tally(charged=PRICE, refunded=PRICE, customers=1))


def cancelling_by_the_teacher(stage: Stage) -> Scene:
    teacher, _, booking = paid(stage)
    stage.clock.advance(timedelta(hours=47))
    cancel = stage.request(teacher, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking)
    return Scene((cancel, stage.settle), Tally(charged=PRICE, refunded=PRICE, customers=1))


def cancelling_by_staff(stage: Stage) -> Scene:
    admin, (_, _, booking) = stage.admin(), paid(stage)
    cancel = stage.request(admin, bookings.cancel_booking, {"reason": "fire"}, booking_id=booking)
    return Scene((cancel, stage.settle), Tally(charged=PRICE, refunded=PRICE, customers=1))


def cancelling_late(stage: Stage) -> Scene:
    _, student, booking = paid(stage)
    stage.clock.advance(timedelta(hours=28))
    cancel = stage.request(student, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking)
    return Scene((cancel, stage.settle), Tally(charged=PRICE, refunded=PRICE // 2, customers=1))


def cancelling_what_is_being_paid(stage: Stage) -> Scene:
    teacher, student, booking = booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    cancel = stage.request(teacher, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking)
    return Scene((cancel, stage.settle), Tally(customers=1))


def refunding_what_was_paid_out(stage: Stage) -> Scene:
    """Let the money go back after the teacher's share was sent: the share becomes a debt."""
    taught(stage, has_account=True)
    stage.settle()
    (payment,) = stage.payments()
    refund = stage.request(
        stage.admin(),
        payments.refund_payment,
        {"amount": "30.00", "reason": "poor", "fault": "teacher"},
        payment_id=payment.id,
    )
    return Scene(
        (refund, stage.settle),
        Tally(charged=PRICE, refunded=30_00, transferred=SHARE, customers=1, accounts=1),
    )


def learning_of_a_refund_in_the_dashboard(stage: Stage) -> Scene:
    paid(stage)
    (made,) = stage.world.chronicle.payments()
    stage.world.controls.outside.refund_payment(made.id, 25_00)
    return Scene((stage.settle,), Tally(charged=PRICE, refunded=25_00, customers=1))


def refunding_twice(stage: Stage) -> Scene:
    teacher, _, booking = paid(stage)
    payment, body = stage.payment_of(booking).id, {"amount": "20.00", "reason": "short"}
    return Scene(
        (
            stage.request(teacher, payments.refund_payment, body, payment_id=payment),
            stage.request(teacher, payments.refund_payment, body, payment_id=payment),
            stage.settle,
        ),
        Tally(charged=PRICE, refunded=40_00, customers=1),
    )
