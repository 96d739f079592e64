"""What the gateway tells of cards: set up in the browser, detached elsewhere, renewed by a bank."""

from attrs import evolve

from application.cards import (
    RemoveCard,
    SetUpCard,
)
from tests.application.effect_scenes import a_free_card
from tests.application.post import deliver, send, told
from tests.application.purse import add, cards, defaults, gateway_default
from tests.market import Market

# --- What the gateway tells ----------------------------------------------------------------------


def test_a_card_that_was_set_up_in_the_browser_is_added_by_webhook() -> None:
    market = Market()
    student = market.student()
    setup = market.do(SetUpCard(), student)
    market.world.controls.browser.complete_setup(setup.id, "pm_card_visa")

    market.settle()

    assert defaults(market, student) == ["visa"]


def test_a_set_up_alone_tells_of_the_card_too() -> None:
    market = Market()
    student = market.student()
    setup = market.do(SetUpCard(), student)
    market.world.controls.browser.complete_setup(setup.id, "pm_card_visa")

    deliver(market, told(market, "setup_intent.succeeded")[0])

    assert defaults(market, student) == ["visa"]


def test_a_card_that_was_declined_in_the_browser_is_not_added() -> None:
    market = Market()
    student = market.student()
    setup = market.do(SetUpCard(), student)
    market.world.controls.browser.complete_setup(setup.id, "pm_card_chargeDeclined")

    market.settle()

    assert cards(market, student) == ()


def test_a_card_that_is_detached_in_the_portal_is_gone_here_and_another_is_promoted() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    add(market, student, "pm_card_amex")
    market.settle()
    (visa,) = (card for card in cards(market, student) if card.brand == "visa")

    market.world.controls.outside.detach_card(visa.gateway_id)
    market.settle()
    market.settle()

    assert defaults(market, student) == ["amex"]
    assert gateway_default(market, student) == cards(market, student)[0].gateway_id


def test_a_detached_card_that_was_not_the_default_leaves_it() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    add(market, student, "pm_card_amex")
    market.settle()
    (amex,) = (card for card in cards(market, student) if card.brand == "amex")

    market.world.controls.outside.detach_card(amex.gateway_id)
    market.settle()
    deliver(market, told(market, "payment_method.detached")[0])

    assert defaults(market, student) == ["visa"]


def test_the_last_card_detached_elsewhere_leaves_none() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    market.settle()

    market.world.controls.outside.detach_card(cards(market, student)[0].gateway_id)
    market.settle()

    assert cards(market, student) == ()


def test_a_late_tale_of_a_removed_card_does_not_bring_it_back() -> None:
    market = Market()
    student = market.student()
    visa = add(market, student).card_id
    market.settle()
    market.do(RemoveCard(card_id=visa), student)

    deliver(market, told(market, "payment_method.attached")[0])

    assert cards(market, student) == ()


def test_a_card_of_a_customer_of_somebody_else_is_ignored() -> None:
    market = Market()
    card = a_free_card(market)

    send(market, "payment_method.updated", {"id": card, "object": "payment_method"})
    send(market, "payment_method.detached", {"id": card, "object": "payment_method"})

    assert market.storage.work(lambda unit: unit.cards.by_gateway_id(card)) is None


def test_a_card_that_the_bank_renewed_is_changed_here() -> None:
    market = Market()
    student = market.student()
    visa = add(market, student).card_id
    market.storage.work(lambda unit: unit.cards.save(evolve(unit.cards.get(visa), exp_year=2025)))
    gateway_id = cards(market, student)[0].gateway_id

    send(
        market,
        "payment_method.automatically_updated",
        {"id": gateway_id, "object": "payment_method"},
    )
    send(market, "payment_method.updated", {"id": gateway_id, "object": "payment_method"})

    assert cards(market, student)[0].exp_year > 2025
