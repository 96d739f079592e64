"""How refunds go in the double of Stripe."""

from adapters.stripe_facts import CardBehaviour
from tests.doubles.stripe_shapes import Json
from tests.doubles.stripe_store import Refused, StripeStore


def refund(store: StripeStore, intent: Json, amount: int | None, metadata: Json) -> Json:
    """Give back some of an intent, or what is left of it."""
    charge = store.things.get(intent["latest_charge"] or "")
    if charge is None or charge["status"] != "succeeded":
        raise Refused(
            400, f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        )
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise Refused(
            400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    amount = left if amount is None else amount
    if amount > left:
        raise Refused(
            400,
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    return _refunded(store, charge, amount, metadata)


def _refunded(store: StripeStore, charge: Json, amount: int, metadata: Json) -> Json:
    behaviour = store.published[charge["payment_method"]].behaviour
    pends = behaviour is CardBehaviour.REFUND_PENDS
    made = store.add(
        "refund",
        "re",
        amount=amount,
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        customer=charge["customer"],
        metadata=metadata,
        status="pending" if pends else "succeeded",
        pending_reason="processing" if pends else None,
    )
    movement = store.move("refund", -amount, charge["currency"], made["id"])
    made["balance_transaction"] = movement["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    store.tell("refund.created", made)
    store.tell("charge.refunded", charge, {"amount_refunded": charge["amount_refunded"] - amount})
    return made


def finish_refund(store: StripeStore, made: Json) -> None:
    """Let a pending refund succeed."""
    made.update(status="succeeded", pending_reason=None)
    store.tell("refund.updated", made, {"status": "pending"})


def fail_refund(store: StripeStore, made: Json, reason: str) -> None:
    """Let a refund fail: the money comes back to the balance, and may be refunded again."""
    before = made["status"]
    movement = store.move("refund_failure", made["amount"], made["currency"], made["id"])
    made.update(
        status="failed",
        failure_reason=reason,
        pending_reason=None,
        failure_balance_transaction=movement["id"],
    )
    charge = store.things[made["charge"]]
    charge["amount_refunded"] -= made["amount"]
    charge["refunded"] = False
    store.tell("refund.failed", made, {"status": before})
    store.tell("charge.updated", charge)
