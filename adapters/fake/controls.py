"""The controls of test mode."""

from datetime import datetime
from typing import Literal

from attrs import frozen

from adapters.fake import customers, effects, faults, methods, payments, refunds, transfers
from adapters.fake.payments import BrowserConfirmation
from adapters.fake.records import Payment, Refund
from adapters.fake.shapes import STRIPE_STATUS
from adapters.fake.tide import WorldTide
from adapters.fake.turn import Turn
from adapters.fake.views import payment_view
from adapters.fake.wire import Wire
from application.ports.gateway import GatewayFailure, GatewayPayment
from application.ports.test_mode import BrowserAnswer, BrowserError, Fault
from domain.errors import InvalidField


def _browser_error(failure: GatewayFailure | None) -> BrowserError | None:
    if failure is None:
        return None
    return BrowserError(
        type="card_error",
        code=failure.code,
        message=failure.message,
        decline_code=failure.decline_code,
        advice=failure.advice,
    )


def _browser_answer(payment: GatewayPayment) -> BrowserAnswer:
    return BrowserAnswer(
        id=payment.id,
        object="payment_intent",
        status=STRIPE_STATUS[payment.status],
        payment_method=payment.payment_method,
        error=_browser_error(payment.failure),
    )


@frozen
class FakeBrowser:
    """`BrowserControls`."""

    _wire: Wire

    def confirm(self, payment: str, payment_method: str) -> BrowserAnswer:
        """Pay with a test token or a card of the customer's."""
        params = BrowserConfirmation(payment=payment, payment_method=payment_method)
        return _browser_answer(self._wire.change(effects.CONFIRM_IN_BROWSER, params, key=None))

    def authenticate(self, payment: str, outcome: Literal["succeed", "fail"]) -> BrowserAnswer:
        """Pass or fail the 3-D Secure challenge that the payment waits for."""

        def happen(turn: Turn) -> GatewayPayment:
            return payment_view(turn, payments.authenticate(turn, payment, outcome))

        return _browser_answer(self._wire.control(happen))

    def complete_setup(self, setup: str, token: str) -> BrowserAnswer:
        """Finish setting a card up."""

        def happen(turn: Turn) -> BrowserAnswer:
            done, failure = customers.complete_setup(turn, setup, token)
            return BrowserAnswer(
                id=done.id,
                object="setup_intent",
                status=done.status,
                payment_method=done.method,
                error=_browser_error(failure),
            )

        return self._wire.control(happen)


@frozen
class FakeOutside:
    """`OutsideControls`."""

    _wire: Wire

    def settle_refund(self, refund: str) -> None:
        """Let a pending refund succeed."""
        self._wire.control(lambda turn: refunds.succeed(turn, turn.get(Refund, refund)))

    def fail_refund(self, refund: str, reason: str = "declined") -> None:
        """Let a refund fail, pending or long since succeeded."""
        self._wire.control(lambda turn: refunds.fail(turn, turn.get(Refund, refund), reason))

    def enable_account(self, account: str) -> None:
        """Let a teacher's account pass the checks."""
        self._wire.control(lambda turn: transfers.enable_account(turn, account))

    def reverse_transfer(self, transfer: str, amount: int | None = None) -> None:
        """Take a transfer back."""
        self._wire.control(lambda turn: transfers.reverse_transfer(turn, transfer, amount))

    def refund_payment(self, payment: str, amount: int) -> str:
        """Refund without an operation of ours."""

        def happen(turn: Turn) -> str:
            held = turn.get(Payment, payment, param="payment_intent")
            return refunds.refund_payment(turn, held, amount, {}).id

        return self._wire.control(happen)

    def detach_card(self, card: str) -> None:
        """Detach a card in the portal."""
        self._wire.control(lambda turn: methods.detach_card(turn, methods.DetachCard(card=card)))

    def delete_customer(self, customer: str) -> None:
        """Delete a customer in the dashboard."""
        self._wire.control(lambda turn: customers.delete_customer(turn, customer))


@frozen
class FakeFaults:
    """`FaultControls`."""

    _wire: Wire

    def add_fault(self, fault: Fault) -> str:
        """Let a fault wait; return its id."""
        if fault.method != "*" and fault.method not in effects.METHODS:
            raise InvalidField("method", f"The gateway has no method {fault.method!r}.")
        if fault.times is not None and fault.times < 1:
            raise InvalidField("times", "A fault strikes at least once.")
        return self._wire.control(lambda turn: faults.add_fault(turn, fault))

    def clear_faults(self) -> None:
        """Forget the faults that still wait."""
        self._wire.control(faults.clear_faults)


@frozen
class FakeTime:
    """`WorldTime`."""

    _wire: Wire
    _tide: WorldTide

    def next_due(self, now: datetime) -> datetime | None:
        """Return the earliest instant at which something happens in the world."""
        first = self._wire.store.read(self._tide.next_due)
        return None if first is None else max(first, now)

    def run_due(self, now: datetime) -> int:
        """Make the changes that are due."""
        store = self._wire.store
        if not store.read(lambda rows: self._tide.is_due(rows, now)):
            return 0
        return store.write(lambda rows: self._tide.catch_up(rows, now))
