"""Cards on file: adding, choosing and removing them; what the gateway tells of them."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from application.answers import Slot, answering
from application.cards import (
    AddCard,
    AddedCard,
    GetCard,
    ListCards,
    OpenBillingPortal,
    RemoveCard,
    SetDefaultCard,
    SetUpCard,
)
from application.commands import Actor, Command
from application.customers import CardDeclined, NoPaymentMethod, PaymentMethodInvalid
from application.payments import ProcessPayment
from application.ports.records import Answer, IdempotencyRecord
from application.ports.test_mode import FaultKind
from domain.cards import SavedCard
from domain.errors import Forbidden, GatewayUnavailable, NotFound
from domain.ids import CardId
from domain.payments import PaymentStatus
from tests.application.effect_scenes import a_free_card
from tests.application.interrupted import Fragile
from tests.application.post import deliver, send, told
from tests.builders import after
from tests.market import Market, the_id


def add(market: Market, student: Actor, token: str = "pm_card_visa", **more: bool) -> AddedCard:
    """Put a card on file."""
    return market.do(AddCard(payment_method_id=token, **more), student)


def cards(market: Market, student: Actor) -> tuple[SavedCard, ...]:
    """Return a student's cards, newest first."""
    return market.do(ListCards(), student)


def defaults(market: Market, student: Actor) -> list[str]:
    """Return the brands of the cards that are called the default."""
    return [card.brand for card in cards(market, student) if card.is_default]


def gateway_default(market: Market, student: Actor) -> str | None:
    """Return the card that the gateway charges invoices to."""
    customer = customer_of(market, student)
    assert customer is not None
    return market.world.gateway.customers.customer(customer).default_card


def customer_of(market: Market, student: Actor) -> str | None:
    """Return the gateway's customer behind a student."""
    user = market.storage.read(lambda views: views.users.find(the_id(student)))
    assert user is not None
    return user.gateway_customer_id


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
    with answering(slot), fragile.dying_before_booking("card.attach"):
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


# --- Choosing ------------------------------------------------------------------------------------


def test_choosing_a_card_makes_it_the_default_here_and_at_the_gateway() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    amex = add(market, student, "pm_card_amex").card_id

    assert market.do(SetDefaultCard(card_id=amex), student) == amex
    market.settle()

    assert defaults(market, student) == ["amex"]
    chosen = market.do(GetCard(card_id=amex), student)
    assert gateway_default(market, student) == chosen.gateway_id


def test_choosing_the_default_again_tells_the_gateway_nothing() -> None:
    market = Market()
    student = market.student()
    visa = add(market, student).card_id
    market.settle()
    calls = len(market.world.chronicle.calls())

    market.do(SetDefaultCard(card_id=visa), student)
    market.settle()

    assert len(market.world.chronicle.calls()) == calls


def test_somebody_elses_card_cannot_be_chosen_or_removed_and_is_not_found() -> None:
    market = Market()
    card = add(market, market.student("sam")).card_id
    other = market.student("tom")

    commands: tuple[Command[Any], ...] = (
        SetDefaultCard(card_id=card),
        RemoveCard(card_id=card),
        GetCard(card_id=card),
    )
    for command in commands:
        with pytest.raises(NotFound):
            market.do(command, other)


# --- Removing ------------------------------------------------------------------------------------


def test_removing_the_default_promotes_the_newest_other() -> None:
    market = Market()
    student = market.student()
    visa = add(market, student).card_id
    for token in ("pm_card_amex", "pm_card_mastercard"):
        market.clock.advance(timedelta(minutes=1))
        add(market, student, token)

    market.do(RemoveCard(card_id=visa), student)
    market.settle()

    assert defaults(market, student) == ["mastercard"]
    assert gateway_default(market, student) == cards(market, student)[0].gateway_id


def test_an_unexpired_card_is_promoted_before_a_newer_expired_one() -> None:
    market = Market()
    student = market.student()
    visa = add(market, student).card_id
    add(market, student, "pm_card_amex")
    market.clock.advance(timedelta(minutes=1))
    newest = add(market, student, "pm_card_mastercard").card_id
    expire(market, newest)

    market.do(RemoveCard(card_id=visa), student)

    assert defaults(market, student) == ["amex"]


def expire(market: Market, card: CardId) -> None:
    """Let a card's month be over."""
    market.storage.work(lambda unit: unit.cards.save(evolve(unit.cards.get(card), exp_year=2020)))


def test_removing_another_card_leaves_the_default() -> None:
    market = Market()
    student = market.student()
    add(market, student)
    amex = add(market, student, "pm_card_amex").card_id

    market.do(RemoveCard(card_id=amex), student)

    assert defaults(market, student) == ["visa"]


def test_removing_the_last_card_leaves_no_default_anywhere() -> None:
    market = Market()
    student = market.student()
    visa = add(market, student).card_id
    market.settle()

    market.do(RemoveCard(card_id=visa), student)
    market.settle()

    assert cards(market, student) == ()
    assert gateway_default(market, student) is None


def test_a_removed_card_is_detached_at_the_gateway_and_gone_here() -> None:
    market = Market()
    student = market.student()
    visa = add(market, student).card_id
    gateway_id = cards(market, student)[0].gateway_id

    market.do(RemoveCard(card_id=visa), student)

    assert market.world.gateway.cards.card(gateway_id).customer is None
    commands: tuple[Command[Any], ...] = (
        GetCard(card_id=visa),
        RemoveCard(card_id=visa),
        SetDefaultCard(card_id=visa),
    )
    for command in commands:
        with pytest.raises(NotFound):
            market.do(command, student)


def test_a_card_is_gone_here_even_while_the_gateway_is_busy() -> None:
    market = Market()
    student = market.student()
    visa = add(market, student).card_id
    gateway_id = cards(market, student)[0].gateway_id
    market.settle()
    market.fault("detach_card", FaultKind.LOCKED, times=3)

    market.do(RemoveCard(card_id=visa), student)

    assert cards(market, student) == ()
    assert market.world.gateway.cards.card(gateway_id).customer is not None
    market.wall.advance(timedelta(minutes=2))
    market.settle()
    assert market.world.gateway.cards.card(gateway_id).customer is None


def test_a_removed_card_stays_on_old_payments() -> None:
    market = Market()
    student = market.student()
    visa = add(market, student).card_id
    booking = market.book(student, market.gig(market.teacher()))
    payment = market.do(ProcessPayment(booking_id=booking), student).payment_id

    market.do(RemoveCard(card_id=visa), student)
    market.settle()

    assert market.payment(payment).used.last4 == "4242"


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
