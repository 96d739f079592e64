"""The gateway's customer behind a user: made on first need, once."""

from datetime import timedelta

import pytest

from application.cards import AddCard
from application.commands import Actor
from application.customers import (
    CardAuthenticationRequired,
    CardDeclined,
    declined,
    failure_in,
)
from application.effects import EffectKind, OperationUnderWay
from application.payments import CreatePaymentIntent
from application.ports.gateway import GatewayCustomer
from application.ports.records import OperationState
from application.ports.test_mode import FaultKind
from domain.errors import GatewayUnavailable
from domain.payments import Failure
from tests.application.effect_scenes import effects_in, operations_of
from tests.application.interrupted import Fragile
from tests.builders import an_operation
from tests.market import Market, the_id


def customers(market: Market) -> list[str]:
    """Return the customers that the gateway was asked to make."""
    calls = market.world.chronicle.calls()
    return [effect for call in calls if call.method == "create_customer" for effect in call.effects]


def customer_of(market: Market, student: Actor) -> str | None:
    """Return the customer that we know of."""
    user = market.storage.read(lambda views: views.users.find(the_id(student)))
    assert user is not None
    return user.gateway_customer_id


def test_a_customer_is_made_on_first_need_and_kept() -> None:
    market = Market()
    student = market.student()
    assert customers(market) == []

    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    market.do(AddCard(payment_method_id="pm_card_amex"), student)

    assert customers(market) == [customer_of(market, student)]


def test_people_who_need_no_customer_get_none() -> None:
    market = Market()
    market.book(market.student(), market.gig(market.teacher()))

    assert customers(market) == []


@pytest.mark.parametrize("fault", [FaultKind.LOST_REQUEST, FaultKind.LOST_ANSWER])
def test_a_lost_message_makes_no_second_customer(fault: FaultKind) -> None:
    market = Market()
    student = market.student()
    market.fault("create_customer", fault)

    market.do(AddCard(payment_method_id="pm_card_visa"), student)

    assert customers(market) == [customer_of(market, student)]


def test_a_customer_that_stays_unknown_holds_the_request_back() -> None:
    market = Market()
    student = market.student()
    market.fault("create_customer", FaultKind.ERROR_LATER)

    with pytest.raises(GatewayUnavailable):
        market.do(AddCard(payment_method_id="pm_card_visa"), student)
    market.clock.advance(timedelta(minutes=2))
    market.wall.advance(timedelta(minutes=2))
    market.settle()

    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    assert customers(market) == [customer_of(market, student)]


def test_a_busy_gateway_makes_no_customer_and_a_later_request_does() -> None:
    market = Market()
    student = market.student()
    market.fault("create_customer", FaultKind.RATE_LIMITED, times=3)

    with pytest.raises(GatewayUnavailable):
        market.do(AddCard(payment_method_id="pm_card_visa"), student)
    market.do(AddCard(payment_method_id="pm_card_visa"), student)

    assert len(customers(market)) == 1


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_request_that_died_is_carried_on_by_the_next_one(is_sent: bool) -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    dying = fragile.dying_before_booking if is_sent else fragile.dying_after_planning
    with dying(EffectKind.CREATE_CUSTOMER):
        market.do(CreatePaymentIntent(booking_id=booking), student)

    market.wall.advance(timedelta(seconds=91))
    market.do(CreatePaymentIntent(booking_id=booking), student)

    assert customers(market) == [customer_of(market, student)]
    (operation,) = operations_of(market, student, EffectKind.CREATE_CUSTOMER)
    assert operation.state is OperationState.DONE


def test_a_request_beside_one_that_is_under_way_waits_and_makes_no_second_customer() -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    student = market.student()
    with fragile.dying_after_planning(EffectKind.CREATE_CUSTOMER):
        market.do(AddCard(payment_method_id="pm_card_visa"), student)

    with pytest.raises(OperationUnderWay):
        market.do(AddCard(payment_method_id="pm_card_visa"), student)
    assert customers(market) == []


def test_the_first_customer_stays_when_another_is_told_of() -> None:
    market = Market()
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    known = customer_of(market, student)
    (operation,) = operations_of(market, student, EffectKind.CREATE_CUSTOMER)
    effect = effects_in(market).kinds[EffectKind.CREATE_CUSTOMER]

    market.storage.work(lambda unit: effect.apply(unit, operation, GatewayCustomer(id="cus_other")))

    assert customer_of(market, student) == known


# --- Refusals in words ---------------------------------------------------------------------------


def test_a_decline_carries_the_banks_code_advice_and_the_payment() -> None:
    failure = Failure(code="card_declined", message="No.", decline_code="lost_card", advice="stop")

    refused = declined(failure, "pay_1")

    assert type(refused) is CardDeclined
    assert refused.extra == {"decline_code": "lost_card", "advice": "stop", "payment_id": "pay_1"}


def test_a_decline_without_a_decline_code_shows_its_code() -> None:
    assert declined(Failure(code="expired_card", message="No.")).extra["decline_code"] == (
        "expired_card"
    )


def test_a_bank_that_wants_the_cardholder_is_told_apart() -> None:
    refused = declined(Failure(code="authentication_required", message="Ask."))

    assert isinstance(refused, CardAuthenticationRequired)
    assert refused.code == "authentication_required"


def test_a_refusal_without_words_still_says_something() -> None:
    failure = failure_in(an_operation(refusal=None))

    assert failure.code == "unknown"
    assert failure.message
