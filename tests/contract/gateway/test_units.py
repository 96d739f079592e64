"""No gateway is called inside a unit of work: locks would wait for the network."""

from collections.abc import Callable

import pytest

from application.ports.gateway import Confirmation, Gateway, NewAccount, NewCustomer, NewRefund
from application.ports.open_units import inside_a_unit
from domain.errors import BrokenInvariant
from tests.contract.gateway.builders import an_account, new_payment, new_transfer
from tests.contract.gateway.harness import GatewayHarness

CONFIRMATION = Confirmation(operation="op", payment="pi", payment_method="pm_card_visa")
REFUND = NewRefund(operation="op", payment="pi", amount=1, currency="usd", metadata={})
CUSTOMER = NewCustomer(operation="op", user="usr", email="a@tuition.test", name="A")
ACCOUNT = NewAccount(operation="op", teacher="usr", email="a@tuition.test")

CALLS: dict[str, Callable[[Gateway], object]] = {
    "create_payment": lambda g: g.payments.create_payment(new_payment("cus"), key="k"),
    "confirm_payment": lambda g: g.payments.confirm_payment(CONFIRMATION, key="k"),
    "cancel_payment": lambda g: g.payments.cancel_payment("pi", key="k"),
    "payment": lambda g: g.payments.payment("pi"),
    "create_refund": lambda g: g.refunds.create_refund(REFUND, key="k"),
    "refund": lambda g: g.refunds.refund("re"),
    "find_refund": lambda g: g.refunds.find_refund("op", payment="pi"),
    "create_customer": lambda g: g.customers.create_customer(CUSTOMER, key="k"),
    "customer": lambda g: g.customers.customer("cus"),
    "set_default_card": lambda g: g.customers.set_default_card("cus", None, key="k"),
    "billing_portal": lambda g: g.customers.billing_portal("cus", return_url=None),
    "card": lambda g: g.cards.card("pm_card_visa"),
    "attach_card": lambda g: g.cards.attach_card("pm_card_visa", customer="cus", key="k"),
    "detach_card": lambda g: g.cards.detach_card("pm", key="k"),
    "cards_of": lambda g: g.cards.cards_of("cus"),
    "set_up_card": lambda g: g.cards.set_up_card("cus"),
    "transfer": lambda g: g.transfers.transfer("tr"),
    "find_transfer": lambda g: g.transfers.find_transfer("op", transfer_group="po"),
    "create_account": lambda g: g.accounts.create_account(ACCOUNT, key="k"),
    "account": lambda g: g.accounts.account("acct"),
    "onboarding_link": lambda g: g.accounts.onboarding_link(
        "acct", return_url="https://tuition.test/"
    ),
    "balances": lambda g: g.books.balances(),
    "balance_transactions": lambda g: g.books.balance_transactions(),
    "charge_transaction": lambda g: g.books.charge_transaction("ch"),
}


@pytest.mark.parametrize("method", CALLS)
def test_a_call_inside_a_unit_of_work_is_a_bug(harness: GatewayHarness, method: str) -> None:
    with inside_a_unit(), pytest.raises(BrokenInvariant):
        CALLS[method](harness.gateway)


def test_calls_that_look_by_time_are_bugs_there_too(harness: GatewayHarness) -> None:
    gateway, since = harness.gateway, harness.wall_now()
    request = new_transfer(an_account(harness), 1)
    with inside_a_unit():
        with pytest.raises(BrokenInvariant):
            gateway.payments.find_payment("op", customer="cus", since=since)
        with pytest.raises(BrokenInvariant):
            gateway.customers.find_customer("op", email="a@tuition.test", since=since)
        with pytest.raises(BrokenInvariant):
            gateway.accounts.find_account("op", since=since)
        with pytest.raises(BrokenInvariant):
            gateway.transfers.create_transfer(request, key="k")


def test_webhooks_may_be_decoded_anywhere(harness: GatewayHarness) -> None:
    harness.world.enable_account(an_account(harness, enabled=False).id)
    delivery = harness.deliveries()[-1]
    with inside_a_unit():
        event = harness.gateway.webhooks.decode(delivery.body, delivery.signature)
    assert event.type == "account.updated"
