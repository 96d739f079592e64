"""A card for the next payment only, paying with cards, and looking at them."""

from typing import Any

import pytest

from application.cards import (
    GetCard,
    ListCards,
    OpenBillingPortal,
    SetDefaultCard,
    SetUpCard,
)
from application.commands import Command
from application.customers import NoPaymentMethod
from application.payments import ProcessPayment
from application.ports.test_mode import FaultKind
from domain.errors import GatewayUnavailable, NotFound
from domain.ids import CardId
from domain.payments import PaymentStatus
from tests.application.effect_scenes import a_free_card
from tests.application.post import deliver, told
from tests.application.purse import add, cards, customer_of, defaults
from tests.builders import after
from tests.market import Market, the_id

# --- For the next payment only -------------------------------------------------------------------


def test_an_unlisted_card_serves_the_next_payment_and_no_other() -> None:
    market = Market()
    student = market.student()
    card = add(market, student, listed=False).card_id
    gig = market.gig(market.teacher())
    first, second = market.book(student, gig), market.book(student, gig, starts_at=after(days=9))
    assert cards(market, student) == ()

    paid = market.do(ProcessPayment(booking_id=first, payment_method_id=card), student)

    assert market.payment(paid.payment_id).status is PaymentStatus.SUCCEEDED
    with pytest.raises(NotFound):
        market.do(ProcessPayment(booking_id=second, payment_method_id=card), student)


def test_an_unlisted_card_is_never_the_default() -> None:
    market = Market()
    student = market.student()
    add(market, student, listed=False)
    booking = market.book(student, market.gig(market.teacher()))

    with pytest.raises(NoPaymentMethod):
        market.do(ProcessPayment(booking_id=booking), student)


def test_the_webhook_of_an_unlisted_card_does_not_list_it() -> None:
    market = Market()
    student = market.student()
    add(market, student, listed=False)

    market.settle()
    deliver(market, told(market, "payment_method.attached")[0])

    assert cards(market, student) == ()


def test_an_unlisted_card_cannot_be_chosen() -> None:
    market = Market()
    student = market.student()
    card = add(market, student, listed=False).card_id

    with pytest.raises(NotFound):
        market.do(SetDefaultCard(card_id=card), student)
    with pytest.raises(NotFound):
        market.do(GetCard(card_id=card), student)


@pytest.mark.parametrize("was_used", [False, True])
def test_an_unlisted_card_can_be_saved_after_all(was_used: bool) -> None:
    market = Market()
    student = market.student()
    token = a_free_card(market)
    card = add(market, student, token, listed=False).card_id
    if was_used:
        booking = market.book(student, market.gig(market.teacher()))
        market.do(ProcessPayment(booking_id=booking, payment_method_id=card), student)

    saved = add(market, student, token)

    assert [one.id for one in cards(market, student)] == [saved.card_id]
    assert defaults(market, student) == ["mastercard"]


# --- Paying with a card --------------------------------------------------------------------------


def test_a_fresh_card_is_attached_and_saved_before_it_pays() -> None:
    market = Market()
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))

    market.do(ProcessPayment(booking_id=booking, payment_method_id="pm_card_amex"), student)

    assert defaults(market, student) == ["amex"]


def test_a_card_of_nobody_cannot_pay() -> None:
    market = Market()
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))

    with pytest.raises(NotFound):
        market.do(ProcessPayment(booking_id=booking, payment_method_id="card_absent"), student)


# --- Looking, and the gateway's pages ------------------------------------------------------------


def test_staff_look_at_a_students_cards_and_a_student_only_at_their_own() -> None:
    market = Market()
    student, other, admin = market.student("sam"), market.student("tom"), market.admin()
    card = add(market, student).card_id

    seen = market.do(ListCards(student_id=the_id(student)), admin)
    assert [one.id for one in seen] == [card]
    assert market.do(GetCard(card_id=card), admin).id == card
    assert market.do(ListCards(student_id=the_id(student)), student) == seen
    with pytest.raises(NotFound):
        market.do(ListCards(student_id=the_id(student)), other)


def test_a_card_that_is_not_there_is_not_found() -> None:
    market = Market()

    with pytest.raises(NotFound):
        market.do(GetCard(card_id=CardId("card_absent")), market.student())


def test_the_portal_is_opened_for_the_students_own_customer() -> None:
    market = Market()
    student = market.student()

    url = market.do(OpenBillingPortal(return_url="https://school.test/"), student)

    assert (customer_of(market, student) or "?") in url


@pytest.mark.parametrize(
    ("method", "command"),
    [("billing_portal", OpenBillingPortal()), ("set_up_card", SetUpCard())],
)
def test_a_page_of_a_gateway_that_is_away_is_unavailable(
    method: str, command: Command[Any]
) -> None:
    market = Market()
    student = market.student()
    market.fault(method, FaultKind.LOST_REQUEST)

    with pytest.raises(GatewayUnavailable):
        market.do(command, student)


def test_a_portal_for_a_customer_that_was_deleted_is_unavailable() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    market.settle()
    market.world.outside.delete_customer(customer_of(market, student) or "")

    with pytest.raises(GatewayUnavailable):
        market.do(OpenBillingPortal(), student)
