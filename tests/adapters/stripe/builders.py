"""A gateway on the double of Stripe, and requests to it."""

from collections.abc import Mapping
from typing import Any

import stripe
from attrs import evolve

from adapters.stripe.client import StripeSettings, stripe_gateway
from application.ports.gateway import (
    Confirmation,
    Gateway,
    GatewayCustomer,
    NewAccount,
    NewCustomer,
    NewPayment,
    NewRefund,
    NewTransfer,
)
from tests.doubles.stripe_wire import SECRET_KEY, InProcess, StripeWire

RETURN_URL = "https://tuition.example/return"


def settings(http_client: stripe.HTTPClient | None, **over: Any) -> StripeSettings:
    base = StripeSettings(
        secret_key=SECRET_KEY,
        publishable_key="pk_test_wire",
        webhook_secrets=("whsec_one",),
        return_url=RETURN_URL,
        http_client=http_client,
    )
    return evolve(base, **over)


def a_gateway(wire: StripeWire, **over: Any) -> Gateway:
    return stripe_gateway(settings(InProcess(wire), **over))


def a_customer(gateway: Gateway) -> GatewayCustomer:
    request = NewCustomer(operation="op_customer", user="usr_1", email="a@b.example", name="Ann")
    return gateway.customers.create_customer(request, key="customer")


def new_payment(customer: str, **over: Any) -> NewPayment:
    base = NewPayment(
        operation="op_payment",
        amount=7500,
        currency="usd",
        customer=customer,
        description="A lesson",
        transfer_group="bk_1",
        metadata={"booking": "bk_1"},
    )
    return evolve(base, **over)


def a_confirmation(payment: str, **over: Any) -> Confirmation:
    base = Confirmation(operation="op_try", payment=payment, payment_method="pm_card_visa")
    return evolve(base, **over)


def new_refund(payment: str, **over: Any) -> NewRefund:
    base = NewRefund(
        operation="op_refund", payment=payment, amount=1000, currency="usd", metadata={}
    )
    return evolve(base, **over)


def new_account() -> NewAccount:
    return NewAccount(operation="op_account", teacher="usr_2", email="t@b.example")


def new_transfer(account: str, **over: Any) -> NewTransfer:
    base = NewTransfer(
        operation="op_transfer",
        account=account,
        amount=1000,
        currency="usd",
        transfer_group="po_1",
        metadata={},
    )
    return evolve(base, **over)


class Canned(stripe.HTTPClient):
    """Answers every request alike, and counts them."""

    name = "canned"

    def __init__(self, status: int, body: str) -> None:
        super().__init__()
        self.status, self.body, self.asked = status, body, 0

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        self.asked += 1
        return self.body, self.status, {"request-id": "req_canned"}

    def close(self) -> None:
        pass
