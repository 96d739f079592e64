"""What payers, banks and time do in the double of Stripe, and what goes wrong on the way to it."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import stripe
from attrs import field, frozen

from adapters.stripe_facts import CardBehaviour, decline_message
from tests.doubles import stripe_methods, stripe_payments, stripe_refunds
from tests.doubles.stripe_shapes import Json
from tests.doubles.stripe_store import Refused, StripeStore
from tests.doubles.stripe_wire import Fault, StripeWire

_INTENTS, _METHODS = "/v1/payment_intents", "/v1/payment_methods/{payment_method}"

REQUESTS: dict[str, tuple[str, str]] = {
    "create_payment": ("post", _INTENTS),
    "confirm_payment": ("post", _INTENTS + "/{intent}/confirm"),
    "cancel_payment": ("post", _INTENTS + "/{intent}/cancel"),
    "payment": ("get", _INTENTS + "/{intent}"),
    "find_payment": ("get", _INTENTS),
    "create_refund": ("post", "/v1/refunds"),
    "refund": ("get", "/v1/refunds/{refund}"),
    "find_refund": ("get", "/v1/refunds"),
    "create_customer": ("post", "/v1/customers"),
    "find_customer": ("get", "/v1/customers"),
    "customer": ("get", "/v1/customers/{customer}"),
    "set_default_card": ("post", "/v1/customers/{customer}"),
    "billing_portal": ("post", "/v1/billing_portal/sessions"),
    "card": ("get", _METHODS),
    "attach_card": ("post", _METHODS + "/attach"),
    "detach_card": ("post", _METHODS + "/detach"),
    "cards_of": ("get", "/v1/customers/{customer}/payment_methods"),
    "set_up_card": ("post", "/v1/setup_intents"),
    "create_transfer": ("post", "/v1/transfers"),
    "transfer": ("get", "/v1/transfers/{transfer}"),
    "find_transfer": ("get", "/v1/transfers"),
    "create_account": ("post", "/v1/accounts"),
    "account": ("get", "/v1/accounts/{account}"),
    "find_account": ("get", "/v1/accounts"),
    "onboarding_link": ("post", "/v1/account_links"),
    "balances": ("get", "/v1/balance"),
    "balance_transactions": ("get", "/v1/balance_transactions"),
    "charge_transaction": ("get", "/v1/charges/{charge}"),
}
"""Which request each method of the port makes."""


@frozen
class StripeWorld:
    """Payers, banks and time."""

    _store: StripeStore

    def confirm_in_browser(self, payment: str, token: str) -> None:
        """Pay as Stripe.js does; a decline only shows in the payment."""
        intent = self._store.things[payment]
        method = stripe_methods.method_for(self._store, token, param="payment_method")
        try:
            stripe_payments.confirm(self._store, intent, method)
        except Refused as refused:
            if refused.status != 402:
                raise

    def authenticate(self, payment: str, outcome: Literal["succeed", "fail"]) -> None:
        """Pass or fail the challenge."""
        intent = self._store.things[payment]
        assert intent["status"] == "requires_action", intent["status"]
        card = self._store.published[intent["payment_method"]]
        if outcome == "fail":
            self._fail(intent, "payment_intent_authentication_failure", None)
        elif card.behaviour is CardBehaviour.NEEDS_ACTION_THEN_DECLINES:
            self._fail(intent, card.code or "card_declined", card.decline_code)
        else:
            stripe_payments.succeed(self._store, intent)

    def _fail(self, intent: Json, code: str, decline_code: str | None) -> None:
        error = {"type": "card_error", "code": code, "message": decline_message(code, decline_code)}
        if decline_code is not None:
            error["decline_code"] = decline_code
        stripe_payments.fail_with(self._store, intent, error)

    def complete_setup(self, setup: str, token: str) -> None:
        """Finish a set-up in the browser."""
        thing = self._store.things[setup]
        method = stripe_methods.method_for(self._store, token, param="payment_method")
        try:
            stripe_methods.attach(self._store, method, thing["customer"])
        except Refused as refused:
            thing["last_setup_error"] = {**refused.error, "payment_method": method}
            self._store.tell("setup_intent.setup_failed", thing)
            return
        self._store.set_up.add(method["id"])
        thing.update(status="succeeded", payment_method=method["id"], last_setup_error=None)
        self._store.tell("setup_intent.succeeded", thing)

    def enable_account(self, account: str) -> None:
        """Let the teacher finish what Stripe asks of them."""
        thing = self._store.things[account]
        thing["capabilities"] = dict.fromkeys(thing["capabilities"], "active")
        thing.update(charges_enabled=True, payouts_enabled=True, details_submitted=True)
        self._store.tell("account.updated", thing, {"details_submitted": False})

    def fail_refund(self, refund: str, reason: str) -> None:
        """Let a refund fail."""
        stripe_refunds.fail_refund(self._store, self._store.things[refund], reason)

    def let_time_pass(self, days: int) -> None:
        """Move time on, and end what was waiting for it."""
        self._store.offset += timedelta(days=days)
        for thing in tuple(self._store.things.values()):
            match thing["object"]:
                case "payment_intent" if thing["status"] == "processing":
                    self._end_processing(thing)
                case "refund":
                    self._end_refund(thing)
                case "charge" if thing["paid"] and thing["balance_transaction"] is None:
                    self.settle(thing["id"])

    def settle(self, charge: str) -> None:
        """Give a charge its balance transaction, and tell."""
        thing = self._store.things[charge]
        stripe_payments.settle(self._store, thing)
        self._store.tell("charge.updated", thing, {"balance_transaction": None})

    def _end_processing(self, intent: Json) -> None:
        card = self._store.published[intent["payment_method"]]
        if card.behaviour is CardBehaviour.PROCESSES:
            stripe_payments.succeed(self._store, intent)
            return
        charge = self._store.things[intent["latest_charge"]]
        charge.update(status="failed", failure_code=card.code)
        self._fail(intent, card.code or "card_declined", card.decline_code)

    def _end_refund(self, refund: Json) -> None:
        card = self._store.published[refund["payment_method"]]
        if refund["status"] == "pending":
            stripe_refunds.finish_refund(self._store, refund)
        elif card.behaviour is CardBehaviour.REFUND_FAILS and refund["status"] == "succeeded":
            stripe_refunds.fail_refund(self._store, refund, "expired_or_canceled_card")


@frozen
class StripeNetwork:
    """Faults of the next request that a method of the port makes."""

    _wire: StripeWire

    def _fail_next(self, method: str, fault: Fault) -> None:
        verb, template = REQUESTS[method]
        self._wire.fail_next(verb, template, fault)

    def lose_next_request(self, method: str) -> None:
        """Drop it before it arrives."""
        self._fail_next(method, Fault.LOST_REQUEST)

    def lose_next_answer(self, method: str) -> None:
        """Drop the answer."""
        self._fail_next(method, Fault.LOST_ANSWER)

    def break_next(self, method: str, *, after_effect: bool) -> None:
        """Answer 500, which the key replays."""
        self._fail_next(method, Fault.BROKEN_AFTER if after_effect else Fault.BROKEN_NEVER)

    def lock_next(self, method: str) -> None:
        """Answer 409."""
        self._fail_next(method, Fault.LOCKED)

    def limit_next(self, method: str) -> None:
        """Answer 429."""
        self._fail_next(method, Fault.LIMITED)


def delivery(event: Json, secret: str, *, at: int | None = None) -> tuple[bytes, str]:
    """Return the body and the signature header with which Stripe would deliver an event."""
    body = json.dumps(event, separators=(",", ":"))
    sign = stripe.WebhookSignature.generate_signature_header
    return body.encode(), str(sign(body, secret, at))


@frozen
class Deliveries:
    """Hands events out once, oldest first."""

    _store: StripeStore
    _taken: list[int] = field(factory=lambda: [0])

    def take(self, secret: str) -> Sequence[tuple[bytes, str]]:
        """Return what happened since it was last asked, freshly signed."""
        events = self._store.events[self._taken[0] :]
        self._taken[0] = len(self._store.events)
        return [delivery(event, secret) for event in events]
