"""Paying: in the browser, from the server, and what is told of it."""

from datetime import timedelta

from application.ports.records import Answer
from entrypoints.http.controllers import payments
from tests.interleavings.ground import Ground

A_LEASE = timedelta(seconds=100)
"""After this long nobody holds the lease of an operation that was begun before."""


def student_opens_an_intent(ground: Ground) -> Answer:
    body = {"booking_id": ground.booking}
    return ground.ask(ground.student, payments.create_payment_intent, body)


def student_opens_an_intent_for_the_other(ground: Ground) -> Answer:
    body = {"booking_id": ground.named["other_booking"]}
    return ground.ask(ground.student, payments.create_payment_intent, body)


def student_charges_the_card(ground: Ground) -> Answer:
    return ground.ask(ground.student, payments.process_payment, {"booking_id": ground.booking})


def student_charges_a_fresh_card(ground: Ground) -> Answer:
    body = {"booking_id": ground.booking, "payment_method_id": "pm_card_mastercard"}
    return ground.ask(ground.student, payments.process_payment, body)


def student_charges_a_bad_card(ground: Ground) -> Answer:
    body = {"booking_id": ground.booking, "payment_method_id": ground.named["bad_card"]}
    return ground.ask(ground.student, payments.process_payment, body)


def student_books_and_pays(ground: Ground) -> Answer:
    body = {"gig_id": ground.gig, "starts_at": ground.starts_at, "duration_minutes": 60}
    return ground.ask(ground.student, payments.process_payment, body)


def student_confirms(ground: Ground) -> Answer:
    body = {"payment_id": ground.named["payment"]}
    return ground.ask(ground.student, payments.confirm_payment, body)


def browser_pays(ground: Ground) -> None:
    ground.stage.world.controls.browser.confirm(ground.named["intent"], "pm_card_visa")


def browser_is_declined(ground: Ground) -> None:
    ground.stage.world.controls.browser.confirm(ground.named["intent"], "pm_card_chargeDeclined")


def gateway_tells_of_success(ground: Ground) -> None:
    ground.hears(ground.named["success"])


def gateway_tells_it_under_another_id(ground: Ground) -> None:
    ground.hears(ground.named["success_again"])


def gateway_tells_that_it_was_declined(ground: Ground) -> None:
    ground.hears(ground.named["declined"])


def gateway_delivers_what_waits(ground: Ground) -> None:
    ground.works("gateway_deliveries")


def worker_recovers(ground: Ground) -> None:
    ground.works("RecoverOperations")


def worker_recovers_after_a_lease(ground: Ground) -> None:
    """Wake when whatever was begun before has lost its lease, as after a long pause."""
    ground.stage.wall.advance(A_LEASE)
    ground.works("RecoverOperations")
