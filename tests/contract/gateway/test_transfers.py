import pytest

from application.ports.gateway import GatewayRefused, NewAccount
from tests.contract.gateway.builders import (
    a_paid_payment,
    an_account,
    events,
    fresh,
    long_before,
    new_transfer,
)
from tests.contract.gateway.harness import GatewayHarness


def test_a_new_account_can_do_nothing_yet(harness: GatewayHarness) -> None:
    account = an_account(harness, enabled=False)
    assert account.id.startswith("acct_")
    assert not account.transfers_enabled
    assert not account.payouts_enabled
    assert not account.details_submitted


def test_an_account_that_passed_the_checks_can_receive_transfers(harness: GatewayHarness) -> None:
    account = an_account(harness)
    assert account.transfers_enabled
    assert account.payouts_enabled
    assert account.details_submitted
    (event,) = [event for event in events(harness) if event.type == "account.updated"]
    assert (event.object_type, event.object_id) == ("account", account.id)
    assert event.account == account.id
    assert event.facts["transfers_enabled"] == "true"


def test_an_account_is_found_by_its_operation(harness: GatewayHarness) -> None:
    accounts = harness.gateway.accounts
    request = NewAccount(operation=fresh(), teacher="usr_1", email="teacher@tuition.test")
    account = accounts.create_account(request, key=fresh())
    since = long_before(harness.wall_now())
    assert accounts.find_account(request.operation, since=since) == account
    assert accounts.find_account(fresh(), since=since) is None


def test_an_account_gets_an_onboarding_link(harness: GatewayHarness) -> None:
    account = an_account(harness, enabled=False)
    link = harness.gateway.accounts.onboarding_link
    assert link(account.id, return_url="https://tuition.test/back").startswith("https://")
    with pytest.raises(GatewayRefused):
        link("acct_unknown", return_url="https://tuition.test/back")


def test_an_unknown_account_is_refused(harness: GatewayHarness) -> None:
    with pytest.raises(GatewayRefused):
        harness.gateway.accounts.account("acct_unknown")


def test_a_transfer_sends_available_money(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account = an_account(harness)
    a_paid_payment(gateway)
    harness.world.let_time_pass(days=10)
    request = new_transfer(account, 6000)
    transfer = gateway.transfers.create_transfer(request, key=fresh())
    assert (transfer.account, transfer.amount, transfer.currency) == (account.id, 6000, "usd")
    assert transfer.reversed == 0
    assert transfer.operation == request.operation
    assert gateway.transfers.transfer(transfer.id) == transfer


def test_more_than_is_available_is_not_sent(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account = an_account(harness)
    a_paid_payment(gateway)
    with pytest.raises(GatewayRefused) as refused:
        gateway.transfers.create_transfer(new_transfer(account, 6000), key=fresh())
    assert refused.value.code == "balance_insufficient"


def test_money_is_sent_only_once(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account = an_account(harness)
    a_paid_payment(gateway)
    harness.world.let_time_pass(days=10)
    gateway.transfers.create_transfer(new_transfer(account, 6000), key=fresh())
    with pytest.raises(GatewayRefused):
        gateway.transfers.create_transfer(new_transfer(account, 6000), key=fresh())


def test_a_transfer_from_a_charge_need_not_wait_for_its_money(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account = an_account(harness)
    paid = a_paid_payment(gateway)
    request = new_transfer(account, 6000, source_charge=paid.charge)
    assert gateway.transfers.create_transfer(request, key=fresh()).amount == 6000


def test_a_charge_funds_no_more_than_its_amount(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account = an_account(harness)
    paid = a_paid_payment(gateway)
    gateway.transfers.create_transfer(
        new_transfer(account, 6000, source_charge=paid.charge), key=fresh()
    )
    with pytest.raises(GatewayRefused):
        gateway.transfers.create_transfer(
            new_transfer(account, 6000, source_charge=paid.charge), key=fresh()
        )


def test_an_account_that_is_not_enabled_receives_nothing(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account = an_account(harness, enabled=False)
    paid = a_paid_payment(gateway)
    with pytest.raises(GatewayRefused) as refused:
        gateway.transfers.create_transfer(
            new_transfer(account, 6000, source_charge=paid.charge), key=fresh()
        )
    assert refused.value.code == "insufficient_capabilities_for_transfer"


def test_a_transfer_is_found_by_its_operation_within_its_group(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    account = an_account(harness)
    paid = a_paid_payment(gateway)
    request = new_transfer(account, 1000, source_charge=paid.charge)
    transfer = gateway.transfers.create_transfer(request, key=fresh())
    find = gateway.transfers.find_transfer
    assert find(request.operation, transfer_group=request.transfer_group) == transfer
    assert find(fresh(), transfer_group=request.transfer_group) is None
    assert find(request.operation, transfer_group=fresh()) is None


def test_an_unknown_transfer_is_refused(harness: GatewayHarness) -> None:
    with pytest.raises(GatewayRefused):
        harness.gateway.transfers.transfer("tr_unknown")
