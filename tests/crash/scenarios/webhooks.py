"""What the gateway tells."""

from application.ports.test_mode import Fault, FaultKind
from entrypoints.http.controllers import operations, payments
from tests.crash.scenarios.openings import PRICE, booked, paid, pays_in_browser
from tests.crash.stage import Scene, Stage
from tests.crash.whole import Tally

SUCCEEDED = "payment_intent.succeeded"


def replaying_a_delivery(stage: Stage) -> Scene:
    admin, _ = stage.admin(), paid(stage)
    (told,) = (each for each in stage.world.chronicle.events() if each.type == SUCCEEDED)
    replay = stage.request(admin, operations.replay_webhook_event, {}, event_id=told.id)
    return Scene((replay, stage.settle), Tally(charged=PRICE, customers=1))


def hearing_the_same_fact_twice(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    pays_in_browser(stage, booking)
    for told in stage.world.chronicle.events():
        stage.world.deliveries.tell_again(told.id)
        stage.world.deliveries.send_again(told.id)
    return Scene((stage.settle,), Tally(charged=PRICE, customers=1))


def hearing_what_cannot_be_looked_up_yet(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    pays_in_browser(stage, booking)
    stage.world.controls.faults.add_fault(Fault(method="payment", kind=FaultKind.LOST_ANSWER))
    return Scene((stage.settle, stage.recover), Tally(charged=PRICE, customers=1))
