from collections import Counter
from datetime import timedelta

import pytest

from application.ports.gateway import Gateway, GatewayRefused
from tests.contract.gateway.builders import (
    a_paid_payment,
    an_account,
    an_open_payment,
    fresh,
    new_refund,
    new_transfer,
)
from tests.contract.gateway.harness import GatewayHarness


def summed(gateway: Gateway) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for movement in gateway.books.balance_transactions():
        assert movement.net == movement.amount - movement.fee
        sums[movement.currency] += movement.net
    return dict(sums)


def test_a_charge_costs_a_fee(harness: GatewayHarness) -> None:
    paid = a_paid_payment(harness.gateway)
    assert paid.charge is not None
    movement = harness.gateway.books.charge_transaction(paid.charge)
    assert movement == paid.balance_transaction
    assert movement is not None
    assert (movement.kind, movement.amount, movement.currency) == ("charge", 7500, "usd")
    assert 0 < movement.fee < 7500
    assert movement.available_at > movement.created_at


def test_a_charge_that_failed_moved_nothing(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.world.confirm_in_browser(payment.id, "pm_card_chargeDeclined")
    assert harness.gateway.payments.payment(payment.id).balance_transaction is None
    assert list(harness.gateway.books.balance_transactions()) == []


def test_an_unknown_charge_is_refused(harness: GatewayHarness) -> None:
    with pytest.raises(GatewayRefused):
        harness.gateway.books.charge_transaction("ch_unknown")


def test_the_balance_is_the_sum_of_its_movements(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account = an_account(harness)
    paid = a_paid_payment(gateway)
    a_paid_payment(gateway, amount=5000, currency="eur")
    refund = gateway.refunds.create_refund(new_refund(paid, 2500), key=fresh())
    assert gateway.books.balances() == summed(gateway)
    harness.world.let_time_pass(days=10)
    gateway.transfers.create_transfer(new_transfer(account, 1000), key=fresh())
    harness.world.fail_refund(refund.id, "declined")
    assert gateway.books.balances() == summed(gateway)
    kinds = Counter(each.kind for each in gateway.books.balance_transactions())
    assert kinds == {"charge": 2, "refund": 1, "refund_failure": 1, "transfer": 1}


def test_a_refund_and_a_transfer_leave_the_balance(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account, paid = an_account(harness), a_paid_payment(gateway)
    before = gateway.books.balances()["usd"]
    refund = gateway.refunds.create_refund(new_refund(paid, 2500), key=fresh())
    transfer = gateway.transfers.create_transfer(
        new_transfer(account, 3000, source_charge=paid.charge), key=fresh()
    )
    assert gateway.books.balances()["usd"] == before - 5500
    amounts = {each.source: each.amount for each in gateway.books.balance_transactions()}
    assert amounts[refund.id] == -2500
    assert amounts[transfer.id] == -3000


def test_movements_are_streamed_newest_first_over_pages(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    for _ in range(120):
        gateway.refunds.create_refund(new_refund(paid, 10), key=fresh())
    movements = list(gateway.books.balance_transactions())
    assert len({each.id for each in movements}) == 121
    assert movements[-1].kind == "charge"
    assert [each.created_at for each in movements] == sorted(
        (each.created_at for each in movements), reverse=True
    )


def test_movements_can_be_read_from_an_instant_on(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    assert paid.balance_transaction is not None
    at = paid.balance_transaction.created_at
    assert [each.source for each in gateway.books.balance_transactions(since=at)] == [paid.charge]
    later = at + timedelta(days=1)
    assert list(gateway.books.balance_transactions(since=later)) == []
