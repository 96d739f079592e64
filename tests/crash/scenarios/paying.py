"""Paying for lessons."""

from datetime import timedelta

from application.ports.gateway import GatewayPaymentStatus
from entrypoints.http.controllers import cards, payments
from tests.crash.requests import Later, Request
from tests.crash.scenarios.openings import PRICE, booked, pays_in_browser, with_card
from tests.crash.stage import Scene, Stage
from tests.crash.whole import Tally


def paying_in_the_browser(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    create = stage.request(student, payments.create_payment_intent, {"booking_id": booking})
    return Scene(
        (create, lambda: pays_in_browser(stage, booking), stage.settle),
        Tally(charged=PRICE, customers=1),
    )


def confirming_a_payment(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    pays_in_browser(stage, booking)
    body = {"payment_id": stage.payment_of(booking).id}
    return Scene(
        (stage.request(student, payments.confirm_payment, body), stage.settle),
        Tally(charged=PRICE, customers=1),
    )


def charging_a_saved_card(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    with_card(stage, student)
    process = stage.request(student, payments.process_payment, {"booking_id": booking})
    return Scene((process, stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def charging_a_fresh_card(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    body = {"booking_id": booking, "payment_method_id": "pm_card_visa"}
    process = stage.request(student, payments.process_payment, body)
    return Scene((process, stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def charging_a_card_for_once(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    body = {
        "card_number": "4242 4242 4242 4242",
        "exp_month": 12,
        "exp_year": 2030,
        "cvc": "123",
        "cardholder_name": "Sam",
        "save_for_future": False,
    }
    add = stage.request(student, cards.add_test_card, body)

    def with_it() -> Request:
        named = {"booking_id": booking, "payment_method_id": add.result()["payment_method_id"]}
        return stage.request(student, payments.process_payment, named)

    return Scene((add, Later(with_it), stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def booking_and_paying_at_once(stage: Stage) -> Scene:
    teacher, student = stage.teacher(), stage.student()
    with_card(stage, student)
    starts_at = stage.clock.now() + timedelta(days=2)
    body = {"gig_id": stage.gig(teacher), "starts_at": starts_at, "duration_minutes": 60}
    process = stage.request(student, payments.process_payment, body)
    return Scene((process, stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def charging_a_card_for_an_open_intent(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    with_card(stage, student)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    process = stage.request(student, payments.process_payment, {"booking_id": booking})
    return Scene((process, stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def being_declined_and_trying_another_card(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    with_card(stage, student, "pm_card_chargeCustomerFail")
    good = with_card(stage, student, "pm_card_mastercard")
    named = {"booking_id": booking, "payment_method_id": good}
    return Scene(
        (
            stage.request(student, payments.process_payment, {"booking_id": booking}),
            stage.request(student, payments.process_payment, named),
            stage.settle,
        ),
        Tally(charged=PRICE, customers=1, cards=2),
    )


def passing_a_challenge(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    body = {"booking_id": booking, "payment_method_id": "pm_card_authenticationRequired"}
    process = stage.request(student, payments.process_payment, body)

    def passes() -> None:
        intent = stage.intent_of(booking)
        if intent is None:
            return
        if stage.world.gateway.payments.payment(intent).status is GatewayPaymentStatus.NEEDS_ACTION:
            stage.world.controls.browser.authenticate(intent, "succeed")

    return Scene((process, passes, stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def being_declined_in_the_browser_and_trying_again(stage: Stage) -> Scene:
    _, student, booking = booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    pays_in_browser(stage, booking, "pm_card_chargeDeclined")
    return Scene(
        (stage.settle, lambda: pays_in_browser(stage, booking), stage.settle),
        Tally(charged=PRICE, customers=1),
    )
