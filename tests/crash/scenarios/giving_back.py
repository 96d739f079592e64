"""Refunds, and cancelling."""

from datetime import timedelta

from application.ports.test_mode import Fault, FaultKind
from entrypoints.http.controllers import bookings, payments
from tests.crash.scenarios.openings import PRICE, booked, paid
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
