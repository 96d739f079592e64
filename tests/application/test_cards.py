"""Adding cards to the file."""

from datetime import timedelta

import pytest

from application.answers import Slot, answering
from application.cards import (
    AddedCard,
    RemoveCard,
    SetDefaultCard,
)
from application.customers import CardDeclined, PaymentMethodInvalid
from application.effects import EffectKind
from application.ports.records import Answer, IdempotencyRecord
from application.ports.test_mode import FaultKind
from domain.errors import Forbidden, GatewayUnavailable
from tests.application.effect_scenes import a_free_card
from tests.application.interrupted import Fragile
from tests.application.purse import add, cards, customer_of, defaults, gateway_default
from tests.builders import after
from tests.market import Market

# --- Adding --------------------------------------------------------------------------------------


def test_the_first_card_becomes_the_default() -> None:
    market = Market()
    student = market.student()

    added = add(market, student)

    (card,) = cards(market, student)
    assert (card.id, added.is_new) == (added.card_id, True)
    assert (card.brand, card.last4, card.is_default) == ("visa", "4242", True)
    assert card.display_name == "Visa •••• 4242"


def test_a_second_card_becomes_the_default_only_when_asked() -> None:
    market = Market()
    student = market.student()
    add(market, student)

    add(market, student, "pm_card_amex")
    assert defaults(market, student) == ["visa"]
    add(market, student, "pm_card_mastercard", set_as_default=True)
    assert defaults(market, student) == ["mastercard"]


def test_there_is_one_default_whatever_is_done() -> None:
    market = Market()
    student = market.student()
    tokens = ("pm_card_visa", "pm_card_amex", "pm_card_mastercard", "pm_card_discover")
    added = [add(market, student, token, set_as_default=True) for token in tokens]
    market.do(SetDefaultCard(card_id=added[1].card_id), student)
    market.do(RemoveCard(card_id=added[1].card_id), student)
    market.settle()

    assert len(defaults(market, student)) == 1


def test_the_same_card_again_answers_the_one_that_is_there() -> None:
    market = Market()
    student = market.student()
    card = a_free_card(market)
    first = add(market, student, card)

    again = add(market, student, card)

    assert again == AddedCard(card_id=first.card_id, is_new=False)
    assert len(cards(market, student)) == 1


def test_the_same_card_again_can_be_made_the_default() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    card = a_free_card(market)
    add(market, student, card)

    add(market, student, card, set_as_default=True)

    assert defaults(market, student) == ["mastercard"]


def test_the_default_is_told_to_the_gateway_by_the_worker() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    assert gateway_default(market, student) is None

    market.settle()

    assert gateway_default(market, student) == cards(market, student)[0].gateway_id


def test_another_customers_card_is_refused() -> None:
    market = Market()
    card = a_free_card(market)
    add(market, market.student("sam"), card)
    thief = market.student("tom")

    with pytest.raises(PaymentMethodInvalid):
        add(market, thief, card)
    assert cards(market, thief) == ()


def test_a_card_of_another_customer_whom_we_do_not_know_is_refused_too() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    other = market.student("tom")
    add(market, other)
    card = a_free_card(market)
    customer = customer_of(market, other)
    assert customer is not None
    market.world.gateway.cards.attach_card(card, customer=customer, key="k")

    with pytest.raises(PaymentMethodInvalid):
        add(market, student, card)


def test_an_unknown_card_is_refused() -> None:
    market = Market()

    with pytest.raises(PaymentMethodInvalid):
        add(market, market.student(), "pm_absent")


def test_a_card_that_was_used_up_elsewhere_is_refused() -> None:
    market = Market()
    student = market.student()
    card = a_free_card(market)
    add(market, student, card)
    market.world.controls.outside.detach_card(card)
    market.settle()

    with pytest.raises(PaymentMethodInvalid):
        add(market, student, card)
    assert cards(market, student) == ()


def test_a_card_that_the_bank_refuses_to_attach_is_declined_with_advice() -> None:
    market = Market()
    student = market.student()

    with pytest.raises(CardDeclined) as refused:
        add(market, student, "pm_card_chargeDeclinedInsufficientFunds")

    assert refused.value.extra["decline_code"] == "insufficient_funds"
    assert refused.value.extra["advice"] == "try_again_later"
    assert cards(market, student) == ()


@pytest.mark.parametrize("fault", [FaultKind.LOST_REQUEST, FaultKind.RATE_LIMITED])
def test_a_gateway_that_cannot_be_asked_for_the_card_attaches_nothing(fault: FaultKind) -> None:
    market = Market()
    student = market.student()
    market.fault("card", fault)

    with pytest.raises(GatewayUnavailable):
        add(market, student)
    assert cards(market, student) == ()


def test_a_card_that_was_lost_is_declined() -> None:
    market = Market()
    student = market.student()
    market.fault("attach_card", FaultKind.DECLINED, decline_code="lost_card")

    with pytest.raises(CardDeclined):
        add(market, student)


def test_a_card_whose_attaching_stays_unknown_is_on_file_when_the_worker_has_found_out() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    market.fault("attach_card", FaultKind.ERROR_LATER)

    with pytest.raises(GatewayUnavailable):
        add(market, student, a_free_card(market), set_as_default=True)
    market.clock.advance(timedelta(minutes=2))
    for _ in range(3):
        market.wall.advance(timedelta(minutes=2))
        market.settle()

    assert defaults(market, student) == ["mastercard"]


@pytest.mark.parametrize("token", ["pm_card_visa", "fresh"])
def test_a_request_that_died_after_attaching_is_carried_on_by_its_retry(token: str) -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    student = market.student()
    token = a_free_card(market) if token == "fresh" else token
    slot = a_slot(market)
    with answering(slot), fragile.dying_before_booking(EffectKind.ATTACH_CARD):
        add(market, student, token)
    market.wall.advance(timedelta(minutes=2))

    with answering(the_slot_again(market)):
        added = add(market, student, token)

    assert [card.id for card in cards(market, student)] == [added.card_id]
    customer = customer_of(market, student)
    assert customer is not None
    assert len(market.world.gateway.cards.cards_of(customer)) == 1


def a_slot(market: Market) -> Slot:
    """Begin a request with an idempotency key."""
    record = IdempotencyRecord(
        scope="sam POST /cards",
        key="k",
        body_sha256="0",
        lease_until=after(minutes=1),
        created_at=after(minutes=0),
    )
    market.storage.work(lambda unit: unit.idempotency.insert(record))
    return Slot(lambda _, result: Answer(status=201, body=str(result).encode()), record)


def the_slot_again(market: Market) -> Slot:
    """Retry the request with the same key."""
    found = market.storage.work(lambda unit: unit.idempotency.find("sam POST /cards", "k"))
    assert found is not None
    return Slot(lambda _, result: Answer(status=201, body=str(result).encode()), found)


def test_only_students_have_cards() -> None:
    market = Market()

    for actor in (market.teacher(), market.admin()):
        with pytest.raises(Forbidden):
            add(market, actor)
