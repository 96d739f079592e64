from datetime import timedelta

import pytest

from application.ports.gateway import (
    Declined,
    GatewayBusy,
    GatewayPaymentStatus,
    GatewayRefundStatus,
    OutcomeUnknown,
)
from application.ports.test_mode import Fault, FaultKind
from domain.errors import InvalidField
from tests.adapters.fake.worlds import Bench
from tests.contract.gateway.builders import (
    a_customer,
    confirmation,
    fresh,
    new_payment,
    new_refund,
)

K = FaultKind


def test_a_fault_strikes_once_unless_told_otherwise() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.strike("payment", K.LOST_REQUEST)
    with pytest.raises(OutcomeUnknown):
        bench.world.gateway.payments.payment(payment.id)
    assert bench.world.gateway.payments.payment(payment.id) == payment


def test_a_fault_can_strike_some_times() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.strike("payment", K.RATE_LIMITED, times=2)
    for _ in range(2):
        with pytest.raises(GatewayBusy):
            bench.world.gateway.payments.payment(payment.id)
    assert bench.world.gateway.payments.payment(payment.id) == payment


def test_a_fault_can_strike_until_it_is_cleared() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.strike("*", K.LOST_ANSWER, times=None)
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            bench.world.gateway.payments.payment(payment.id)
    bench.world.controls.faults.clear_faults()
    assert bench.world.gateway.payments.payment(payment.id) == payment


def test_faults_strike_in_the_order_they_were_added() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.strike("payment", K.LOCKED)
    bench.strike("*", K.LOST_REQUEST)
    with pytest.raises(GatewayBusy):
        bench.world.gateway.payments.payment(payment.id)
    with pytest.raises(OutcomeUnknown):
        bench.world.gateway.payments.payment(payment.id)


def test_a_fault_strikes_only_its_method() -> None:
    bench = Bench()
    bench.strike("create_refund", K.LOST_REQUEST)
    paid = bench.paid()
    with pytest.raises(OutcomeUnknown):
        bench.world.gateway.refunds.create_refund(new_refund(paid, 1), key=fresh())


def test_a_fault_can_match_parameters() -> None:
    bench = Bench()
    gateway = bench.world.gateway
    customer = a_customer(gateway)
    struck, spared = new_payment(customer), new_payment(customer)
    bench.strike("create_payment", K.LOST_REQUEST, matching={"operation": struck.operation})
    gateway.payments.create_payment(spared, key=fresh())
    with pytest.raises(OutcomeUnknown):
        gateway.payments.create_payment(struck, key=fresh())


def test_a_fault_can_match_numbers_and_what_is_read() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.strike("payment", K.LOST_REQUEST, matching={"payment": "pi_other"})
    bench.strike("create_payment", K.LOST_REQUEST, matching={"amount": "7500"})
    bench.world.gateway.payments.payment(payment.id)
    with pytest.raises(OutcomeUnknown):
        bench.unpaid()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="unknown", kind=K.LOCKED),
        Fault(method="payment", kind=K.LOCKED, times=0),
    ],
)
def test_a_fault_that_could_never_strike_is_refused(fault: Fault) -> None:
    with pytest.raises(InvalidField):
        Bench().world.controls.faults.add_fault(fault)


def test_an_error_can_have_its_effect_later() -> None:
    bench = Bench()
    gateway = bench.world.gateway
    paid = bench.paid()
    request, key = new_refund(paid, 1000), fresh()
    bench.strike("create_refund", K.ERROR_LATER, delay_seconds=3600)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            gateway.refunds.create_refund(request, key=key)
    assert gateway.refunds.find_refund(request.operation, payment=paid.id) is None
    bench.clock.advance(timedelta(hours=1))
    assert gateway.refunds.find_refund(request.operation, payment=paid.id) is not None
    with pytest.raises(OutcomeUnknown):
        gateway.refunds.create_refund(request, key=key)
    assert gateway.payments.payment(paid.id).refunded == 1000


def test_a_late_effect_can_be_refused_by_then() -> None:
    bench = Bench()
    gateway = bench.world.gateway
    paid = bench.paid()
    bench.strike("create_refund", K.ERROR_LATER)
    with pytest.raises(OutcomeUnknown):
        gateway.refunds.create_refund(new_refund(paid, 7500), key=fresh())
    gateway.refunds.create_refund(new_refund(paid, 7500), key=fresh())
    bench.clock.advance(timedelta(minutes=1))
    assert bench.run_due() == 1
    assert gateway.payments.payment(paid.id).refunded == 7500
    assert bench.world.chronicle.calls()[-1].outcome == "late GatewayRefused"


@pytest.mark.parametrize("kind", [K.ERROR_NOW, K.ERROR_LATER, K.ERROR_NEVER])
def test_reading_breaks_like_anything_else(kind: FaultKind) -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.strike("payment", kind)
    with pytest.raises(OutcomeUnknown):
        bench.world.gateway.payments.payment(payment.id)
    assert bench.world.gateway.payments.payment(payment.id) == payment


def test_a_bank_can_be_made_to_decline() -> None:
    bench = Bench()
    gateway = bench.world.gateway
    payment = bench.unpaid()
    bench.strike("confirm_payment", K.DECLINED, decline_code="stolen_card")
    with pytest.raises(Declined) as refused:
        gateway.payments.confirm_payment(confirmation(payment, "pm_card_visa"), key=fresh())
    assert refused.value.decline_code == "stolen_card"
    assert refused.value.advice == "do_not_try_again"
    paid = gateway.payments.confirm_payment(confirmation(payment, "pm_card_visa"), key=fresh())
    assert paid.status is GatewayPaymentStatus.SUCCEEDED


def test_a_card_can_be_made_not_to_attach() -> None:
    bench = Bench()
    customer = a_customer(bench.world.gateway)
    bench.strike("attach_card", K.DECLINED)
    with pytest.raises(Declined):
        bench.world.gateway.cards.attach_card("pm_card_visa", customer=customer, key=fresh())


def test_a_browser_can_be_made_to_fail_too() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.strike("confirm_in_browser", K.DECLINED, decline_code="insufficient_funds")
    answer = bench.world.controls.browser.confirm(payment.id, "pm_card_visa")
    assert answer.error is not None
    assert answer.error.decline_code == "insufficient_funds"


def test_a_charge_can_be_settled_late() -> None:
    bench = Bench()
    bench.strike("create_payment", K.LATE_SETTLEMENT, delay_seconds=3600)
    gateway = bench.world.gateway
    paid = bench.paid()
    assert paid.status is GatewayPaymentStatus.SUCCEEDED
    assert paid.balance_transaction is None
    assert paid.charge is not None
    assert gateway.books.charge_transaction(paid.charge) is None
    assert gateway.books.balances() == {}
    bench.clock.advance(timedelta(hours=1))
    settled = gateway.payments.payment(paid.id).balance_transaction
    assert settled is not None
    assert gateway.books.balances() == {"usd": settled.net}


def test_a_charge_of_a_browser_can_be_settled_late() -> None:
    bench = Bench()
    payment = bench.unpaid()
    bench.strike("confirm_in_browser", K.LATE_SETTLEMENT, delay_seconds=60)
    bench.world.controls.browser.confirm(payment.id, "pm_card_visa")
    assert bench.world.gateway.payments.payment(payment.id).balance_transaction is None


def test_a_refund_can_be_made_pending_until_it_is_settled() -> None:
    bench = Bench()
    refunds = bench.world.gateway.refunds
    bench.strike("create_refund", K.REFUND_PENDS)
    refund = refunds.create_refund(new_refund(bench.paid(), 100), key=fresh())
    assert refund.status is GatewayRefundStatus.PENDING
    bench.clock.advance(timedelta(days=365))
    assert refunds.refund(refund.id).status is GatewayRefundStatus.PENDING
    bench.world.controls.outside.settle_refund(refund.id)
    assert refunds.refund(refund.id).status is GatewayRefundStatus.SUCCEEDED


def test_a_refund_can_be_made_pending_for_a_while() -> None:
    bench = Bench()
    refunds = bench.world.gateway.refunds
    bench.strike("create_refund", K.REFUND_PENDS, delay_seconds=60)
    refund = refunds.create_refund(new_refund(bench.paid(), 100), key=fresh())
    bench.clock.advance(timedelta(minutes=1))
    assert refunds.refund(refund.id).status is GatewayRefundStatus.SUCCEEDED


def test_a_refund_can_be_made_to_fail_at_once() -> None:
    bench = Bench()
    bench.strike("create_refund", K.REFUND_FAILS)
    paid = bench.paid()
    refund = bench.world.gateway.refunds.create_refund(new_refund(paid, 100), key=fresh())
    assert refund.status is GatewayRefundStatus.FAILED
    assert bench.world.gateway.payments.payment(paid.id).refunded == 0


def test_a_refund_can_be_made_to_fail_after_a_while() -> None:
    bench = Bench()
    refunds = bench.world.gateway.refunds
    bench.strike("create_refund", K.REFUND_FAILS, delay_seconds=60)
    refund = refunds.create_refund(new_refund(bench.paid(), 100), key=fresh())
    assert refund.status is GatewayRefundStatus.PENDING
    bench.clock.advance(timedelta(minutes=1))
    assert refunds.refund(refund.id).status is GatewayRefundStatus.FAILED


def test_a_lost_answer_of_a_replay_is_lost_too() -> None:
    bench = Bench()
    gateway = bench.world.gateway
    request, key = new_payment(a_customer(gateway)), fresh()
    payment = gateway.payments.create_payment(request, key=key)
    bench.strike("create_payment", K.LOST_ANSWER)
    with pytest.raises(OutcomeUnknown):
        gateway.payments.create_payment(request, key=key)
    assert gateway.payments.create_payment(request, key=key) == payment
