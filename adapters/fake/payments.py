"""Payments: made, tried, authenticated, cancelled, and what a charge does to the balance."""

from typing import Literal, NoReturn

from attrs import evolve, frozen

from adapters.fake.charges import fail, process, succeed
from adapters.fake.methods import (
    decline_of,
    failure,
    live_customer,
    usable_method,
)
from adapters.fake.records import OPERATION, Method, Payment
from adapters.fake.shapes import payment_shape
from adapters.fake.turn import Turn, second
from adapters.fake.views import payment_view
from adapters.stripe_facts import CardBehaviour, charge_limit, maximum_charge
from application.ports.gateway import (
    AuthenticationRequired,
    Confirmation,
    Declined,
    GatewayFailure,
    GatewayPayment,
    GatewayPaymentStatus,
    GatewayRefused,
    NewPayment,
)
from application.ports.test_mode import FaultKind
from domain.errors import InvalidField

ON_SETUP = "pm_card_authenticationRequiredOnSetup"

S = GatewayPaymentStatus
_CAN_BE_TRIED = (S.NEEDS_METHOD, S.NEEDS_CONFIRMATION, S.NEEDS_ACTION)


@frozen(kw_only=True)
class CancelPayment:
    """The parameters of `cancel_payment`."""

    payment: str


@frozen(kw_only=True)
class BrowserConfirmation:
    """What a payer submits in the browser."""

    payment: str
    payment_method: str


@frozen(kw_only=True)
class Try:
    """One try to pay: with what, and with the payer there or not."""

    method: str
    on_session: bool
    save_card: bool


def create_payment(turn: Turn, params: NewPayment) -> GatewayPayment:
    """Do `create_payment`."""
    _check_amount(params.amount, params.currency)
    live_customer(turn, params.customer)
    method = params.payment_method
    if method is not None:
        usable_method(turn, method, params.customer)
    id_, seq = turn.mint("pi")
    payment = turn.did(
        Payment(
            id=id_,
            seq=seq,
            status=S.NEEDS_METHOD,
            amount=params.amount,
            currency=params.currency,
            customer=params.customer,
            description=params.description,
            transfer_group=params.transfer_group,
            metadata={**params.metadata, OPERATION: params.operation},
            save_card=params.save_card and params.on_session,
            settle_after_seconds=_settle_after_seconds(turn),
            created_at=second(turn.now),
        )
    )
    if method is None:
        return payment_view(turn, payment)
    how = Try(method=method, on_session=params.on_session, save_card=payment.save_card)
    return _tried_from_server(turn, payment, how)


def confirm_payment(turn: Turn, params: Confirmation) -> GatewayPayment:
    """Do `confirm_payment`."""
    payment = turn.get(Payment, params.payment, param="intent")
    how = Try(
        method=params.payment_method,
        on_session=params.on_session,
        save_card=(params.save_card and params.on_session) or payment.save_card,
    )
    return _tried_from_server(turn, payment, how)


def confirm_in_browser(turn: Turn, params: BrowserConfirmation) -> GatewayPayment:
    """Do what Stripe.js does with a form; a failed try is read from the payment."""
    payment = turn.get(Payment, params.payment, param="intent")
    how = Try(method=params.payment_method, on_session=True, save_card=payment.save_card)
    return payment_view(turn, try_payment(turn, payment, how))


def cancel_payment(turn: Turn, params: CancelPayment) -> GatewayPayment:
    """Do `cancel_payment`."""
    payment = turn.get(Payment, params.payment, param="intent")
    if payment.status not in _CAN_BE_TRIED:
        raise _unexpected_state(payment, "cancel")
    canceled = turn.did(evolve(payment, status=S.CANCELED))
    turn.tell("payment_intent.canceled", payment_shape(canceled))
    return payment_view(turn, canceled)


def authenticate(turn: Turn, id_: str, outcome: Literal["succeed", "fail"]) -> Payment:
    """Let the payer pass or fail the challenge that the payment waits for."""
    payment = turn.get(Payment, id_, param="intent")
    if payment.status is not S.NEEDS_ACTION or payment.method is None:
        raise _unexpected_state(payment, "authenticate")
    method = turn.get(Method, payment.method)
    if outcome == "fail":
        return fail(turn, payment, method, _NOT_AUTHENTICATED)
    if method.behaviour is CardBehaviour.NEEDS_ACTION_THEN_DECLINES:
        return fail(turn, payment, method, failure("card_declined", method.decline_code))
    return succeed(turn, payment, evolve(method, authenticated=payment.save_card))


_NOT_AUTHENTICATED = GatewayFailure(
    code="payment_intent_authentication_failure",
    message="We are unable to authenticate your payment method. Please choose another one.",
    advice="use_another_card",
)


def try_payment(turn: Turn, payment: Payment, how: Try) -> Payment:
    """Try to take the money; a failure is told by the payment that is returned."""
    if payment.status not in _CAN_BE_TRIED:
        raise _unexpected_state(payment, "confirm")
    method = turn.save(usable_method(turn, how.method, payment.customer))
    late = _settle_after_seconds(turn) or payment.settle_after_seconds
    payment = evolve(payment, failure=None, save_card=how.save_card, settle_after_seconds=late)
    refusal = _refusal(turn, method, how)
    if refusal is not None:
        return fail(turn, payment, method, refusal)
    if method.behaviour.is_delayed:
        return process(turn, payment, method)
    if _asks_for_action(method, how):
        waiting = turn.did(evolve(payment, status=S.NEEDS_ACTION, method=method.id))
        turn.tell("payment_intent.requires_action", payment_shape(waiting))
        return waiting
    return succeed(turn, payment, method)


def _tried_from_server(turn: Turn, payment: Payment, how: Try) -> GatewayPayment:
    tried = try_payment(turn, payment, how)
    if tried.failure is not None:
        _raise_declined(tried.failure, payment_view(turn, tried))
    return payment_view(turn, tried)


def _raise_declined(why: GatewayFailure, payment: GatewayPayment) -> NoReturn:
    kind = AuthenticationRequired if why.code == "authentication_required" else Declined
    raise kind(
        why.message,
        code=why.code,
        decline_code=why.decline_code,
        advice=why.advice,
        payment=payment,
    )


def _asks_for_action(method: Method, how: Try) -> bool:
    if not method.behaviour.asks_for_action:
        return False
    return how.on_session or not (method.token == ON_SETUP and method.authenticated)


def _refusal(turn: Turn, method: Method, how: Try) -> GatewayFailure | None:
    """Say why a try fails at once, if it does."""
    refusal = decline_of(turn, method)
    if refusal is not None:
        return refusal
    if method.behaviour is CardBehaviour.DECLINES_LATER:
        return failure(method.code or "card_declined", method.decline_code)
    if _asks_for_action(method, how) and not how.on_session:
        return failure("authentication_required", "authentication_required")
    return None


def _settle_after_seconds(turn: Turn) -> int:
    fault = turn.bent_by(FaultKind.LATE_SETTLEMENT)
    return fault.delay_seconds if fault is not None else 0


def _unexpected_state(payment: Payment, verb: str) -> GatewayRefused:
    return GatewayRefused(
        f"You cannot {verb} this PaymentIntent because it has a status of {payment.status}.",
        code="payment_intent_unexpected_state",
    )


def _check_amount(amount: int, currency: str) -> None:
    try:
        limit = charge_limit(currency)
    except InvalidField as error:
        raise GatewayRefused(
            f"Invalid currency: {currency}", code="invalid_currency", param="currency"
        ) from error
    if amount < limit.minimum:
        raise GatewayRefused(
            f"Amount must be at least {limit.minimum} {currency}.",
            code="amount_too_small",
            param="amount",
        )
    if amount > maximum_charge(currency):
        raise GatewayRefused(
            "Amount is larger than can be charged.", code="amount_too_large", param="amount"
        )
    if amount % limit.step:
        raise GatewayRefused(
            f"Amount must be a multiple of {limit.step}.",
            code="parameter_invalid_integer",
            param="amount",
        )
