"""Charges: how a try to pay ends, and what it does to the balance."""

from datetime import timedelta
from typing import Literal

from attrs import evolve

from adapters.fake.methods import attach, failure
from adapters.fake.movements import FUNDS_DELAY, move
from adapters.fake.records import Charge, Method, Payment
from adapters.fake.shapes import payment_shape
from adapters.fake.turn import Turn, second
from adapters.stripe_facts import CardBehaviour, standard_fee
from application.ports.gateway import GatewayFailure, GatewayPaymentStatus

PROCESSING_TAKES = timedelta(days=4)
"""How long a delayed method, such as a bank debit, takes."""

AVAILABLE_AT_ONCE = "pm_card_bypassPending"

S = GatewayPaymentStatus


def _charge(
    turn: Turn, payment: Payment, method: Method, status: Literal["pending", "succeeded", "failed"]
) -> Charge:
    """Make the charge of this try, or finish the one that is pending."""
    pending = turn.find(Charge, payment.charge) if payment.charge else None
    if pending is not None and pending.status == "pending":
        return turn.did(evolve(pending, status=status))
    id_, seq = turn.mint("ch")
    return turn.did(
        Charge(
            id=id_,
            seq=seq,
            payment=payment.id,
            amount=payment.amount,
            currency=payment.currency,
            customer=payment.customer,
            status=status,
            method=method.id,
            created_at=second(turn.now),
        )
    )


def fail(turn: Turn, payment: Payment, method: Method, why: GatewayFailure) -> Payment:
    """Note a try that failed."""
    charge = _charge(turn, payment, method, "failed")
    failed = turn.did(
        evolve(payment, status=S.NEEDS_METHOD, method=None, charge=charge.id, failure=why)
    )
    turn.tell("payment_intent.payment_failed", payment_shape(failed))
    return failed


def process(turn: Turn, payment: Payment, method: Method) -> Payment:
    """Begin a try whose end only time will tell."""
    charge = _charge(turn, payment, method, "pending")
    processing = turn.did(
        evolve(
            payment,
            status=S.PROCESSING,
            method=method.id,
            charge=charge.id,
            due=turn.now + PROCESSING_TAKES,
        )
    )
    turn.tell("payment_intent.processing", payment_shape(processing))
    return processing


def succeed(turn: Turn, payment: Payment, method: Method) -> Payment:
    """Take the money."""
    charge = _charge(turn, payment, method, "succeeded")
    if payment.settle_after_seconds:
        turn.save(evolve(charge, due=turn.now + timedelta(seconds=payment.settle_after_seconds)))
    else:
        settle(turn, charge)
    succeeded = turn.did(
        evolve(payment, status=S.SUCCEEDED, method=method.id, charge=charge.id, failure=None)
    )
    if payment.save_card:
        turn.save(method)
        attach(turn, method, payment.customer)
    elif method.customer is None:
        turn.save(evolve(method, spent=True))
    turn.tell("payment_intent.succeeded", payment_shape(succeeded))
    return succeeded


def end_processing(turn: Turn, payment: Payment) -> None:
    """Let a delayed payment come to its end."""
    if payment.status is not S.PROCESSING or payment.charge is None or payment.method is None:
        turn.save(evolve(payment, due=None))
        return
    method = turn.get(Method, payment.method)
    payment = evolve(payment, due=None)
    if method.behaviour is CardBehaviour.PROCESSES_THEN_FAILS:
        fail(turn, payment, method, failure(method.code or "card_declined", method.decline_code))
    else:
        succeed(turn, payment, method)


def settle(turn: Turn, charge: Charge) -> Charge:
    """Book a charge in the balance."""
    method = turn.get(Method, charge.method)
    at_once = method.token == AVAILABLE_AT_ONCE
    movement = move(
        turn,
        "charge",
        charge.amount,
        charge.currency,
        source=charge.id,
        fee=standard_fee(charge.amount, charge.currency),
        available_at=None if at_once else second(turn.now) + FUNDS_DELAY,
    )
    return turn.save(evolve(charge, movement=movement.id, due=None))
