"""Choosing the default card, and removing cards."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from application.cards import (
    GetCard,
    RemoveCard,
    SetDefaultCard,
)
from application.commands import Command
from application.payments import ProcessPayment
from application.ports.test_mode import FaultKind
from domain.errors import NotFound
from domain.ids import CardId
from tests.application.purse import add, cards, defaults, gateway_default
from tests.market import Market

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
