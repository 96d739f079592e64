"""Cards on file."""

from entrypoints.http.controllers import cards
from tests.crash.scenarios.openings import with_card
from tests.crash.stage import Scene, Stage
from tests.crash.whole import Tally
from tests.market import the_id

HOME = {"return_url": None}


def adding_a_card(stage: Stage) -> Scene:
    student = stage.student()
    add = stage.request(student, cards.add_card, {"payment_method_id": "pm_card_visa"})
    return Scene((add, stage.settle), Tally(customers=1, cards=1))


def adding_a_card_that_a_page_made(stage: Stage) -> Scene:
    """Add a card that has its id already, as Stripe.js makes it: it can be found by that id."""
    student = stage.student()
    with_card(stage, student)
    made = stage.world.gateway.cards.card("pm_card_mastercard").id
    add = stage.request(student, cards.add_card, {"payment_method_id": made})
    return Scene((add, stage.settle), Tally(customers=1, cards=2))


def adding_a_second_card_as_the_default(stage: Stage) -> Scene:
    student = stage.student()
    with_card(stage, student)
    body = {"payment_method_id": "pm_card_mastercard", "set_as_default": True}
    return Scene(
        (stage.request(student, cards.add_card, body), stage.settle), Tally(customers=1, cards=2)
    )


def choosing_and_removing_cards(stage: Stage) -> Scene:
    student = stage.student()
    first, second = with_card(stage, student), with_card(stage, student, "pm_card_mastercard")
    choose = stage.request(
        student, cards.set_default_card, {"set_as_default": True}, card_id=second
    )
    remove = stage.request(student, cards.remove_card, card_id=first)
    return Scene((choose, remove, stage.settle), Tally(customers=1, cards=1))


def removing_the_only_card(stage: Stage) -> Scene:
    student = stage.student()
    remove = stage.request(student, cards.remove_card, card_id=with_card(stage, student))
    return Scene((remove, stage.settle), Tally(customers=1))


def setting_a_card_up_in_the_browser(stage: Stage) -> Scene:
    student = stage.student()
    begin = stage.request(student, cards.set_up_card, {})
    portal = stage.request(student, cards.open_billing_portal, HOME)

    def completes() -> None:
        if begin.answer is None:
            return
        secret: str = begin.result()["client_secret"]
        setup = secret.partition("_secret")[0]
        stage.world.controls.browser.complete_setup(setup, "pm_card_visa")

    return Scene((begin, completes, portal, stage.settle), Tally(customers=1))


def losing_a_card_in_the_portal(stage: Stage) -> Scene:
    student = stage.student()
    card, _ = with_card(stage, student), with_card(stage, student, "pm_card_mastercard")
    known = stage.storage.read(lambda views: views.people.cards(the_id(student)))
    (gone,) = (each.gateway_id for each in known if each.id == card)
    stage.world.controls.outside.detach_card(gone)
    return Scene((stage.settle,), Tally(customers=1, cards=2))
