"""What the contract's tests ask a gateway for."""

from datetime import datetime, timedelta
from itertools import count

from attrs import evolve

from application.ports.gateway import (
    Confirmation,
    Gateway,
    GatewayAccount,
    GatewayEvent,
    GatewayPayment,
    NewAccount,
    NewCustomer,
    NewPayment,
    NewRefund,
    NewTransfer,
)
from tests.contract.gateway.harness import GatewayHarness

_numbers = count(1)


def fresh(prefix: str = "op") -> str:
    """Return an id, a key or an address that was not used before."""
    return f"{prefix}_{next(_numbers):06d}"


def a_customer(gateway: Gateway) -> str:
    name = fresh("student")
    request = NewCustomer(
        operation=fresh(), user=name, email=f"{name}@tuition.test", name="Ada Lovelace"
    )
    return gateway.customers.create_customer(request, key=fresh("key")).id


def a_card(gateway: Gateway, customer: str, token: str = "pm_card_visa") -> str:
    return gateway.cards.attach_card(token, customer=customer, key=fresh("key")).id


def new_payment(customer: str, **changes: object) -> NewPayment:
    request = NewPayment(
        operation=fresh(),
        amount=7500,
        currency="usd",
        customer=customer,
        description="Piano, 60 minutes",
        transfer_group=fresh("bk"),
        metadata={"tuition_booking": "bk_1"},
    )
    return evolve(request, **changes)  # type: ignore[arg-type]


def an_open_payment(gateway: Gateway, **changes: object) -> GatewayPayment:
    request = new_payment(a_customer(gateway), **changes)
    return gateway.payments.create_payment(request, key=fresh("key"))


def a_paid_payment(
    gateway: Gateway, token: str = "pm_card_visa", **changes: object
) -> GatewayPayment:
    return an_open_payment(gateway, payment_method=token, **changes)


def confirmation(payment: GatewayPayment, token: str, **changes: object) -> Confirmation:
    request = Confirmation(operation=fresh(), payment=payment.id, payment_method=token)
    return evolve(request, **changes)  # type: ignore[arg-type]


def new_refund(payment: GatewayPayment, amount: int) -> NewRefund:
    return NewRefund(
        operation=fresh(),
        payment=payment.id,
        amount=amount,
        currency=payment.currency,
        metadata={"tuition_payment": "pay_1"},
    )


def an_account(harness: GatewayHarness, *, enabled: bool = True) -> GatewayAccount:
    name = fresh("teacher")
    accounts = harness.gateway.accounts
    request = NewAccount(operation=fresh(), teacher=name, email=f"{name}@tuition.test")
    account = accounts.create_account(request, key=fresh("key"))
    if enabled:
        harness.world.enable_account(account.id)
    return accounts.account(account.id)


def new_transfer(account: GatewayAccount, amount: int, **changes: object) -> NewTransfer:
    request = NewTransfer(
        operation=fresh(),
        account=account.id,
        amount=amount,
        currency="usd",
        transfer_group=fresh("po"),
        metadata={"tuition_payout": "po_1"},
    )
    return evolve(request, **changes)  # type: ignore[arg-type]


def long_before(at: datetime) -> datetime:
    return at - timedelta(days=365)


def events(harness: GatewayHarness) -> list[GatewayEvent]:
    """Take the deliveries that wait, and decode them."""
    decode = harness.gateway.webhooks.decode
    return [decode(each.body, each.signature) for each in harness.deliveries()]


def types(harness: GatewayHarness) -> list[str]:
    return [event.type for event in events(harness)]
