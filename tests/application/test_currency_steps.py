"""Currencies whose smallest coin the gateway cannot move: three-decimal ones go in tens."""

from collections.abc import Iterator

import pytest

from domain.errors import InvalidField
from domain.money import Money, currency
from domain.payments import PaymentStatus
from tests.market import Lesson, Market

KWD = currency("kwd")


@pytest.fixture
def market() -> Iterator[Market]:
    with Market(settings={"TUITION_CURRENCIES": "kwd,usd"}) as market:
        yield market


@pytest.fixture
def lesson(market: Market) -> Lesson:
    return market.paid_lesson(hourly_rate="5.015", currency="kwd")


def test_a_price_is_rounded_to_what_can_be_charged(market: Market, lesson: Lesson) -> None:
    assert market.payment(lesson.payment).amount == Money(5020, KWD)


def test_a_policys_share_is_rounded_to_what_can_be_sent(market: Market, lesson: Lesson) -> None:
    quote = market.cancel(lesson.student, lesson.booking)

    assert quote.student == Money(5020, KWD)
    assert market.payment(lesson.payment).status is PaymentStatus.REFUNDED


def test_half_of_it_goes_back_in_steps(market: Market, lesson: Lesson) -> None:
    market.advance(hours=48 - 20)

    quote = market.cancel(lesson.student, lesson.booking)

    assert quote.student == Money(2510, KWD)
    assert market.payment(lesson.payment).refunded == Money(2510, KWD)


def test_a_refund_that_cannot_be_sent_is_refused_by_its_field(
    market: Market, lesson: Lesson
) -> None:
    with pytest.raises(InvalidField, match=r"multiples of 0\.010 kwd") as refusal:
        market.refund(market.admin(), lesson.payment, "1.005")

    assert refusal.value.field == "amount"
    assert market.payment(lesson.payment).refundable == Money(5020, KWD)
