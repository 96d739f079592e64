"""Two who do the same at once: what the second one finds changes nothing."""

from typing import Any

import pytest
from attrs import evolve, frozen

from application.cards import AddCard
from application.customers import CardDeclined
from application.effects import EffectKind
from application.payments import ProcessPayment
from application.payout_booking import PayoutBooking
from application.ports.gateway import Declined, GatewayAccount, KeyReused
from application.ports.records import Delivery, DeliveryState, OperationState
from application.ports.test_mode import FaultKind
from application.upkeep import PayTeachers
from application.webhooks import Processing
from domain.earnings import PayoutStatus
from domain.ids import PayoutId, UserId
from domain.payments import PaymentStatus
from entrypoints.composition.assembly import assemble
from tests.application.effect_faults import insisting_on
from tests.application.effect_scenes import Stage
from tests.application.interrupted import Fragile
from tests.application.post import (
    SUCCEEDED,
    deliver,
    in_inbox,
    paid_and_untold,
    processing_of,
    told,
)
from tests.market import Market

# --- A decline whose answer was lost -------------------------------------------------------------


@pytest.mark.parametrize("fault", [FaultKind.LOST_ANSWER, FaultKind.ERROR_NOW])
def test_a_decline_whose_answer_was_lost_is_told_like_one_that_was_heard(
    fault: FaultKind,
) -> None:
    market = Market()
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_chargeCustomerFail"), student)
    booking = market.book(student, market.gig(market.teacher()))
    market.fault("create_payment", fault)

    with pytest.raises(CardDeclined) as refused:
        market.do(ProcessPayment(booking_id=booking), student)

    assert refused.value.extra["decline_code"] == "generic_decline"
    assert market.payments()[0].status is PaymentStatus.FAILED


def test_a_decline_that_was_never_booked_is_booked_by_the_worker() -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_chargeCustomerFail"), student)
    booking = market.book(student, market.gig(market.teacher()))
    with fragile.dying_before_booking(EffectKind.CREATE_PAYMENT):
        market.do(ProcessPayment(booking_id=booking), student)
    (operation,) = (one for one in fragile.operations() if one.kind == EffectKind.CREATE_PAYMENT)

    market.wall.move_to(operation.lease_until)
    market.settle()

    (operation,) = (one for one in fragile.operations() if one.kind == EffectKind.CREATE_PAYMENT)
    assert operation.state is OperationState.REFUSED
    assert market.payments()[0].status is PaymentStatus.FAILED


def test_a_decline_behind_a_key_used_otherwise_is_booked() -> None:
    stage = Stage(EffectKind.CREATE_PAYMENT)
    claimed = stage.claimed()
    stage.market.fault("create_payment", FaultKind.DECLINED)
    with pytest.raises(Declined):
        stage.effects.kinds[stage.kind].send(claimed, claimed.key(stage.effects.environment))

    refused = insisting_on(stage, KeyReused("Other parameters.")).perform(claimed)

    assert refused.state is OperationState.REFUSED


# --- Applied twice -------------------------------------------------------------------------------


def test_a_card_that_is_applied_twice_is_saved_once() -> None:
    stage = Stage(EffectKind.ATTACH_CARD)
    claimed = stage.claimed()
    stage.effects.perform(claimed)
    effect = stage.effects.kinds[stage.kind]
    made = effect.probe(claimed)

    stage.market.storage.work(lambda unit: effect.apply(unit, claimed, made))

    student = UserId(claimed.subject)
    assert len(stage.market.storage.read(lambda views: views.people.cards(student))) == 2


def test_a_teachers_first_account_stays_when_another_is_told_of() -> None:
    stage = Stage(EffectKind.CREATE_ACCOUNT)
    claimed = stage.claimed()
    done = stage.effects.perform(claimed)
    other = GatewayAccount(
        id="acct_other",
        charges_enabled=True,
        payouts_enabled=True,
        transfers_enabled=True,
        details_submitted=True,
    )

    effect = stage.effects.kinds[stage.kind]
    stage.market.storage.work(lambda unit: effect.apply(unit, claimed, other))

    account = stage.market.storage.read(lambda views: views.people.account(UserId(claimed.subject)))
    assert account is not None
    assert (account.gateway_id, account.is_ready) == (done.result, False)


def test_a_payout_that_failed_fails_once() -> None:
    stage = Stage(EffectKind.CREATE_TRANSFER)
    handler: Any = assemble(stage.market.installation.pieces)[PayTeachers]
    payouts: PayoutBooking = handler.payouts
    payout = PayoutId(stage.operation.subject)

    def fail() -> PayoutStatus:
        return stage.market.storage.work(
            lambda unit: payouts.failed(unit, payout, "by hand").status
        )

    assert [fail(), fail()] == [PayoutStatus.FAILED] * 2
    assert stage.market.balances() == stage.books_before


@frozen
class Overtaken:
    """The meanings of events, where another worker is faster after each look."""

    real: Any
    faster: Processing

    def look(self, delivery: Delivery) -> Any:
        applier = self.real.look(delivery)
        self.faster.process(delivery.id)
        return applier


@frozen
class OvertakenAndAway(Overtaken):
    """The same, and then the gateway cannot be asked any more."""

    market: Market

    def look(self, delivery: Delivery) -> Any:
        self.faster.process(delivery.id)
        self.market.fault("payment", FaultKind.LOST_REQUEST)
        return self.real.look(delivery)


def test_a_delivery_that_another_worker_applies_meanwhile_is_applied_once() -> None:
    market = Market()
    real = waiting_delivery(market)
    (event,) = told(market, SUCCEEDED)

    slow: Any = Overtaken(real.meanings, real)
    assert evolve(real, meanings=slow).process(event) is False

    assert (in_inbox(market, event).state, in_inbox(market, event).tries) == (
        DeliveryState.APPLIED,
        2,
    )


def test_a_delivery_that_was_applied_meanwhile_is_not_put_off() -> None:
    market = Market()
    real = waiting_delivery(market)
    (event,) = told(market, SUCCEEDED)

    slow: Any = OvertakenAndAway(real.meanings, real, market)
    assert evolve(real, meanings=slow).process(event) is False

    assert in_inbox(market, event).state is DeliveryState.APPLIED
    assert in_inbox(market, event).next_try_at is None


def waiting_delivery(market: Market) -> Processing:
    """Keep a delivery that could not be applied, and return what will apply it."""
    paid_and_untold(market)
    market.fault("payment", FaultKind.LOST_REQUEST)
    (event,) = told(market, SUCCEEDED)
    deliver(market, event)
    return processing_of(market)
