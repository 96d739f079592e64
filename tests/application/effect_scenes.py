"""One scene for every kind of effect: how a real use case comes to ask for it.

A scene plays until the operation is recorded, and then the process dies; what happens to the
operation is up to the test. Kinds are found by inspection: one without a scene fails.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from attrs import evolve, frozen

from application.bookings import CancelBooking
from application.cards import AddCard, RemoveCard, SetDefaultCard
from application.commands import Actor, Command
from application.earnings import CreateOnboardingLink, RequestPayout
from application.effects import LEASE, EffectKind, Effects
from application.gateway_effects import EFFECTS
from application.payments import CreatePaymentIntent, ProcessPayment
from application.ports.gateway import GatewayError
from application.ports.records import Operation
from application.ports.storage import Unit
from application.refunds import RefundPayment
from application.upkeep import RecoverOperations
from entrypoints.composition.assembly import assemble
from tests.application.interrupted import Fragile
from tests.market import Market, the_id

KINDS = tuple(kind.kind for kind in EFFECTS)
"""Every kind of effect that there is."""

Asking = tuple[Command[Any], Actor]


@frozen(kw_only=True)
class Scene:
    """What leads up to an effect: `method` is the gateway's method that it calls."""

    method: str
    play: Callable[[Market], Asking]
    """Do all that comes before, and return the command that asks for the effect, and who."""
    for_worker: bool = False
    """The command only records it, and the worker sends it."""


def _new_payment(market: Market) -> Asking:
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    booking = market.book(student, market.gig(market.teacher()))
    return ProcessPayment(booking_id=booking), student


def _another_try(market: Market) -> Asking:
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    booking = market.book(student, market.gig(market.teacher()))
    market.do(CreatePaymentIntent(booking_id=booking), student)
    return ProcessPayment(booking_id=booking), student


def _cancelled_unpaid(market: Market) -> Asking:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    market.do(CreatePaymentIntent(booking_id=booking), student)
    return CancelBooking(booking_id=booking, reason="Ill"), student


def _refund(market: Market) -> Asking:
    lesson = market.paid_lesson()
    return RefundPayment(payment_id=lesson.payment, reason="Sorry"), market.admin()


def _payout(market: Market) -> Asking:
    lesson = market.paid_lesson()
    market.enable_account(lesson.teacher)
    market.complete(lesson.teacher, lesson.booking)
    market.settle()
    market.clock.advance(timedelta(days=10))  # the worker does not see this, and pays nobody
    return RequestPayout(), lesson.teacher


def _customer(market: Market) -> Asking:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    return CreatePaymentIntent(booking_id=booking), student


def a_free_card(market: Market, token: str = "pm_card_mastercard") -> str:
    """Return a card with an id of its own, such as the browser hands over."""
    return market.world.gateway.cards.card(token).id


def _new_card(market: Market) -> Asking:
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    market.settle()
    return AddCard(payment_method_id=a_free_card(market)), student


def _removed_card(market: Market) -> Asking:
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    added = market.do(AddCard(payment_method_id="pm_card_amex"), student)
    market.settle()
    return RemoveCard(card_id=added.card_id), student


def _other_default(market: Market) -> Asking:
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    added = market.do(AddCard(payment_method_id="pm_card_amex"), student)
    market.settle()
    return SetDefaultCard(card_id=added.card_id), student


def _account(market: Market) -> Asking:
    return CreateOnboardingLink(return_url="https://school.test/done"), market.teacher()


SCENES: Mapping[EffectKind, Scene] = {
    EffectKind.CREATE_PAYMENT: Scene(method="create_payment", play=_new_payment),
    EffectKind.CONFIRM_PAYMENT: Scene(method="confirm_payment", play=_another_try),
    EffectKind.CANCEL_PAYMENT: Scene(
        method="cancel_payment", play=_cancelled_unpaid, for_worker=True
    ),
    EffectKind.CREATE_REFUND: Scene(method="create_refund", play=_refund),
    EffectKind.CREATE_TRANSFER: Scene(method="create_transfer", play=_payout),
    EffectKind.CREATE_CUSTOMER: Scene(method="create_customer", play=_customer),
    EffectKind.ATTACH_CARD: Scene(method="attach_card", play=_new_card),
    EffectKind.DETACH_CARD: Scene(method="detach_card", play=_removed_card),
    EffectKind.SET_DEFAULT_CARD: Scene(
        method="set_default_card", play=_other_default, for_worker=True
    ),
    EffectKind.CREATE_ACCOUNT: Scene(method="create_account", play=_account),
}


@frozen
class Insisting:
    """An effect whose every send ends in the same error; the rest of it is real."""

    real: Any
    error: GatewayError
    kind: ClassVar[EffectKind]

    def send(self, operation: Operation, key: str) -> Any:
        raise self.error

    def probe(self, operation: Operation) -> Any | None:
        return self.real.probe(operation)

    def apply(self, unit: Unit, operation: Operation, made: Any) -> str | None:
        return self.real.apply(unit, operation, made)  # type: ignore[no-any-return]

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        self.real.refuse(unit, operation, error)


class Stage:
    """A market in which one effect has been recorded and nothing has been sent."""

    def __init__(self, kind: EffectKind) -> None:
        self.kind = kind
        self.scene = SCENES[kind]
        self.fragile = Fragile()
        self.market = Market(storage=self.fragile.storage)
        self.command, self.actor = self.scene.play(self.market)
        self.books_before = self.market.balances()
        self.calls_before = len(self.market.world.chronicle.calls())
        with self.fragile.dying_after_planning(kind):
            self.market.do(self.command, self.actor)
        (self.id,) = (
            operation.id
            for operation in self.fragile.operations()
            if operation.kind == kind and operation.state.is_open
        )

    @property
    def effects(self) -> Effects:
        """Return the protocol itself, as the installation has it."""
        return effects_in(self.market)

    @property
    def operation(self) -> Operation:
        """Return the operation as it is stored."""
        (found,) = (one for one in self.fragile.operations() if one.id == self.id)
        return found

    def claimed(self) -> Operation:
        """Take over the lease of who died."""
        self.market.wall.move_to(self.operation.lease_until)
        claimed = self.claim_now()
        assert claimed is not None
        return claimed

    def claim_now(self) -> Operation | None:
        """Claim what is due, and return ours if it is."""
        now = self.market.wall.now()
        due = self.market.storage.work(
            lambda unit: unit.operations.claim_due(now, now + LEASE, 100)
        )
        return next((operation for operation in due if operation.id == self.id), None)

    def recover(self, **later: float) -> Operation:
        """Let the worker look, when the lease has run out or so much later."""
        self.market.wall.move_to(self.operation.lease_until)
        self.market.wall.advance(timedelta(**later))
        self.market.do(RecoverOperations())
        return self.operation

    def converge(self, **later: float) -> None:
        """Let the worker look until it is done, a few minutes at a time."""
        for _ in range(20):
            if not self.operation.state.is_open:
                return
            self.market.clock.advance(timedelta(minutes=2))
            self.recover(minutes=2)
        raise AssertionError(f"{self.operation!r} is still open")

    def sent(self) -> list[Any]:
        """Return the calls of this effect's method since it was recorded."""
        calls = self.market.world.chronicle.calls()[self.calls_before :]
        return [call for call in calls if call.method == self.scene.method]

    def keys(self) -> set[str | None]:
        """Return the idempotency keys under which it was sent."""
        return {call.key for call in self.sent() if not call.outcome.startswith("late")}

    def times_done(self) -> int:
        """Count how often the world did it."""
        return sum(bool(call.effects) for call in self.sent())

    def findings(self) -> list[str]:
        """Return what verification has to say once everything has come to rest."""
        self.market.settle()
        return [str(one) for one in self.market.installation.verification().run().findings]

    def use_key_otherwise(self) -> None:
        """Use the operation's key for another request, as a bug of ours would."""
        operation = self.operation
        altered = dict(operation.params)
        name = next(
            name
            for name, value in altered.items()
            if isinstance(value, str) and name != "operation"
        )
        altered[name] = f"{altered[name]}x"
        effect = self.effects.kinds[self.kind]
        try:
            effect.send(_with_params(operation, altered), operation.key(self.effects.environment))
        except GatewayError:
            return


def _with_params(operation: Operation, params: Mapping[str, object]) -> Operation:
    return evolve(operation, params=params)


def effects_in(market: Market) -> Effects:
    """Return the protocol itself, as an installation has it."""
    handler: Any = assemble(market.installation.pieces)[RecoverOperations]
    effects: Effects = handler.effects
    return effects


def operations_of(market: Market, actor: Actor, kind: EffectKind) -> list[Operation]:
    """Return the operations of a kind that are about somebody."""
    found = market.storage.read(lambda views: list(views.everything.operations()))
    return [one for one in found if one.subject == the_id(actor) and one.kind == kind]


def refusing(
    market: Market, command: type[Command[Any]], kind: EffectKind, error: GatewayError
) -> Any:
    """Return the handler of a command in a market whose gateway always refuses one kind."""
    handler: Any = assemble(market.installation.pieces)[command]
    real = effects_in(market)
    effects = evolve(real, kinds={**real.kinds, kind: Insisting(real.kinds[kind], error)})
    return evolve(handler, effects=effects)
