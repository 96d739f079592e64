"""Payment methods: from test tokens to cards of customers."""

from attrs import evolve, frozen

from adapters.fake.records import Customer, Method
from adapters.fake.shapes import method_shape
from adapters.fake.turn import Turn, no_such
from adapters.stripe_facts import CARDS_BY_TOKEN, advice_for, decline_message
from application.ports.gateway import (
    Declined,
    GatewayCard,
    GatewayFailure,
    GatewayRefused,
)
from application.ports.test_mode import FaultKind


@frozen(kw_only=True)
class AttachCard:
    """The parameters of `attach_card`."""

    card: str
    customer: str


@frozen(kw_only=True)
class DetachCard:
    """The parameters of `detach_card`."""

    card: str


@frozen(kw_only=True)
class ReadCard:
    """The parameters of `card`, which makes a card of a test token."""

    card: str


def card_of(method: Method) -> GatewayCard:
    """Show a method in the port's words."""
    return GatewayCard(
        id=method.id,
        brand=method.brand,
        last4=method.last4,
        exp_month=method.exp_month,
        exp_year=method.exp_year,
        country=method.country,
        customer=method.customer,
    )


def live_customer(turn: Turn, customer: str) -> Customer:
    """Return a customer that was not deleted; raises `GatewayRefused`."""
    found = turn.get(Customer, customer, param="customer")
    if found.deleted:
        raise no_such("customer", customer, "customer")
    return found


def method_of(turn: Turn, id_: str) -> Method:
    """Return a method; a test token becomes one with an id of its own, that is not yet kept."""
    facts = CARDS_BY_TOKEN.get(id_)
    if facts is None:
        return turn.get(Method, id_, param="payment_method")
    minted, seq = turn.mint("pm")
    return Method(
        id=minted,
        seq=seq,
        token=facts.token,
        behaviour=facts.behaviour,
        type=facts.method_type,
        brand=facts.brand,
        last4=facts.last4,
        exp_month=12,
        exp_year=turn.now.year + 3,
        country=facts.country,
        code=facts.code,
        decline_code=facts.decline_code,
    )


def usable_method(turn: Turn, id_: str, customer: str) -> Method:
    """Return a method that a customer may pay with; raises `GatewayRefused`."""
    method = method_of(turn, id_)
    if method.spent:
        raise GatewayRefused(
            "The PaymentMethod was used or detached before and may not be used again.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )
    if method.customer not in (None, customer):
        raise GatewayRefused(
            "The PaymentMethod belongs to another customer.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )
    return method


def decline_of(turn: Turn, method: Method) -> GatewayFailure | None:
    """Say why the bank refuses the method itself, if it does."""
    forced = turn.bent_by(FaultKind.DECLINED)
    if forced is not None:
        return failure("card_declined", forced.decline_code)
    if method.behaviour.attaches:
        return None
    return failure(method.code or "card_declined", method.decline_code)


def failure(code: str, decline_code: str | None) -> GatewayFailure:
    """Tell a decline with the sentence and the advice that Stripe gives."""
    return GatewayFailure(
        code=code,
        decline_code=decline_code,
        message=decline_message(code, decline_code),
        advice=advice_for(code, decline_code),
    )


def attach(turn: Turn, method: Method, customer: str) -> Method:
    """Make a method the customer's."""
    if method.customer == customer:
        return turn.did(method)
    attached = turn.did(evolve(method, customer=customer))
    turn.tell("payment_method.attached", method_shape(attached, turn.now))
    return attached


def attach_card(turn: Turn, params: AttachCard) -> GatewayCard:
    """Do `attach_card`."""
    live_customer(turn, params.customer)
    method = usable_method(turn, params.card, params.customer)
    refusal = decline_of(turn, method)
    if refusal is not None:
        raise Declined(
            refusal.message,
            code=refusal.code,
            decline_code=refusal.decline_code,
            advice=refusal.advice,
        )
    return card_of(attach(turn, method, params.customer))


def detach_card(turn: Turn, params: DetachCard) -> GatewayCard:
    """Do `detach_card`: the card can never be used again."""
    method = turn.get(Method, params.card, param="payment_method")
    if method.customer is None:
        raise GatewayRefused(
            "The PaymentMethod is not attached to a customer.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )
    customer = turn.get(Customer, method.customer)
    if customer.default_card == method.id:
        turn.save(evolve(customer, default_card=None))
    detached = turn.did(evolve(method, customer=None, spent=True))
    turn.tell(
        "payment_method.detached",
        method_shape(detached, turn.now),
        previous={"customer": method.customer},
    )
    return card_of(detached)


def read_card(turn: Turn, params: ReadCard) -> GatewayCard:
    """Do `card`."""
    method = method_of(turn, params.card)
    return card_of(turn.save(method))
