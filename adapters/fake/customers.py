"""Customers, and cards that are set up without a payment."""

from attrs import evolve, frozen

from adapters.fake.methods import (
    attach,
    decline_of,
    live_customer,
    usable_method,
)
from adapters.fake.records import OPERATION, Customer, Method, Setup
from adapters.fake.shapes import setup_shape
from adapters.fake.turn import Turn, second
from adapters.fake.views import client_secret, customer_view
from application.ports.gateway import (
    GatewayCustomer,
    GatewayFailure,
    GatewayRefused,
    GatewaySetup,
    NewCustomer,
)


@frozen(kw_only=True)
class SetDefaultCard:
    """The parameters of `set_default_card`."""

    customer: str
    card: str | None


@frozen(kw_only=True)
class SetUpCard:
    """The parameters of `set_up_card`."""

    customer: str


def create_customer(turn: Turn, params: NewCustomer) -> GatewayCustomer:
    """Do `create_customer`."""
    id_, seq = turn.mint("cus")
    customer = turn.did(
        Customer(
            id=id_,
            seq=seq,
            email=params.email,
            name=params.name,
            metadata={"tuition_user": params.user, OPERATION: params.operation},
            created_at=second(turn.now),
        )
    )
    return customer_view(customer)


def set_default_card(turn: Turn, params: SetDefaultCard) -> None:
    """Do `set_default_card`."""
    customer = live_customer(turn, params.customer)
    if params.card is not None:
        method = turn.get(Method, params.card, param="payment_method")
        if method.customer != customer.id:
            raise GatewayRefused(
                "The customer does not have this payment method: attach it first.",
                code="resource_missing",
                param="payment_method",
            )
    turn.did(evolve(customer, default_card=params.card))


def set_up_card(turn: Turn, params: SetUpCard) -> GatewaySetup:
    """Do `set_up_card`."""
    live_customer(turn, params.customer)
    id_, seq = turn.mint("seti")
    setup = turn.did(Setup(id=id_, seq=seq, customer=params.customer, created_at=second(turn.now)))
    return GatewaySetup(id=setup.id, client_secret=client_secret(setup.id))


def complete_setup(turn: Turn, id_: str, token: str) -> tuple[Setup, GatewayFailure | None]:
    """Let the payer finish a set-up, any challenge passed; say why it failed, if it did."""
    setup = turn.get(Setup, id_, param="intent")
    if setup.status == "succeeded":
        raise GatewayRefused(
            "You cannot confirm this SetupIntent because it has already succeeded.",
            code="setup_intent_unexpected_state",
        )
    method = usable_method(turn, token, setup.customer)
    refusal = decline_of(turn, method)
    if refusal is not None:
        turn.tell("setup_intent.setup_failed", setup_shape(setup, refusal))
        return setup, refusal
    attached = attach(turn, evolve(method, authenticated=True), setup.customer)
    done = turn.did(evolve(setup, status="succeeded", method=attached.id))
    turn.tell("setup_intent.succeeded", setup_shape(done))
    return done, None


def delete_customer(turn: Turn, id_: str) -> None:
    """Let staff delete a customer: nothing but its id is left, and its cards are spent."""
    customer = live_customer(turn, id_)
    for method in list(turn.newest(Method, customer.id)):
        turn.did(evolve(method, customer=None, spent=True))
    turn.did(evolve(customer, deleted=True, default_card=None))
