"""The gateway's customer behind a user, and the payment methods that belong to it."""

from attrs import frozen

from application.answers import bind, bound
from application.card_file import NewCard
from application.effects import DECLINED, EffectKind, Effects, Plans
from application.ports.gateway import (
    Gateway,
    GatewayBusy,
    GatewayCard,
    GatewayRefused,
    NewCustomer,
    OutcomeUnknown,
)
from application.ports.records import Operation, OperationState
from application.ports.storage import Unit, UnitOfWork
from domain.cards import SavedCard
from domain.errors import BrokenInvariant, DomainError, GatewayUnavailable, NotFound, Refused
from domain.ids import UserId
from domain.payments import Failure


class CardDeclined(DomainError):
    """The bank said no; `extra` holds the decline's own advice."""

    code = "card_declined"


_UNUSABLE = "This payment method is unknown, or belongs to another customer."
"""One sentence for both, so that nobody learns which ids there are."""


class PaymentMethodInvalid(Refused):
    """The payment method is unknown, or belongs to another customer."""

    code = "payment_method_invalid"


class NoPaymentMethod(Refused):
    """No payment method was named, and there is no default card."""

    code = "no_payment_method"


class CardAuthenticationRequired(CardDeclined):
    """The bank wants the cardholder present."""

    code = "authentication_required"


def declined(failure: Failure, payment_id: str | None = None) -> CardDeclined:
    """Return the refusal that a payer is shown."""
    kind = (
        CardAuthenticationRequired
        if failure.code == CardAuthenticationRequired.code
        else CardDeclined
    )
    return kind(
        failure.message,
        decline_code=failure.decline_code or failure.code,
        advice=failure.advice,
        payment_id=payment_id,
    )


def failure_in(operation: Operation) -> Failure:
    """Return why an operation was refused, as it was recorded."""
    refusal = dict(operation.refusal or {})
    return Failure(
        code=refusal.get("code") or "unknown",
        message=refusal.get("message") or "The payment gateway refused the request.",
        decline_code=refusal.get("decline_code"),
        advice=refusal.get("advice"),
    )


def was_declined(operation: Operation) -> bool:
    """Tell whether an operation was refused by the bank, rather than by the gateway."""
    return (operation.refusal or {}).get("kind") == DECLINED


@frozen
class Planned:
    """An operation that was recorded just now, by us, who hold its lease."""

    operation: Operation


@frozen
class Customers:
    """Make sure that a user has a customer, and that a payment method is theirs."""

    work: UnitOfWork
    gateway: Gateway
    plans: Plans
    effects: Effects

    def customer_of(self, user_id: UserId) -> str:
        """Return the id of the gateway's customer for a user, made on first need, once."""

        def decide(unit: Unit) -> str | Operation | Planned:
            user = unit.users.get(user_id)
            if user.gateway_customer_id is not None:
                return user.gateway_customer_id
            for operation in unit.operations.of_subject(user_id):
                if operation.kind == EffectKind.CREATE_CUSTOMER and operation.state.is_open:
                    return operation
            request = NewCustomer(operation="", user=user.id, email=user.email, name=user.name)
            return Planned(self.plans.plan(unit, EffectKind.CREATE_CUSTOMER, user.id, request))

        found = self.work(decide)
        if isinstance(found, str):
            return found
        if isinstance(found, Planned):
            done = self.effects.perform(found.operation)
        else:
            done = self.effects.join(found.id)
        if done.state is not OperationState.DONE or done.result is None:
            raise GatewayUnavailable("The payment gateway did not answer. Try again soon.")
        return done.result

    # --- Cards -------------------------------------------------------------------------------

    def card_for(self, user_id: UserId, named: str | None) -> SavedCard:
        """Return the card that a payment names: ours, a fresh `pm_…`, or the default.

        A fresh one is attached and saved first. Raises `NotFound`, `NoPaymentMethod`,
        `PaymentMethodInvalid` or `CardDeclined`.
        """
        if named is not None and named.startswith("pm_"):
            return self.attach(user_id, named)[0]

        def decide(unit: Unit) -> SavedCard:
            cards = unit.cards.of_student(user_id)
            for card in cards:
                if card.id == named or (named is None and card.is_default):
                    return card
            if named is None:
                raise NoPaymentMethod("Name a payment method, or save a card first.")
            raise NotFound("This payment method")

        return self.work(decide)

    def attach(
        self, user_id: UserId, token: str, *, listed: bool = True, default: bool | None = None
    ) -> tuple[SavedCard, bool]:
        """Attach a `pm_…` to the user's customer and save it; tell whether it is new here.

        The same again answers the card that is there. Raises `PaymentMethodInvalid` for one that
        is unknown or another customer's, and `CardDeclined`.
        """
        begun_before = bound("card")
        if begun_before is not None:
            return self._attached(self.effects.join(begun_before)), True
        customer = self.customer_of(user_id)
        known = self._known(user_id, token, listed=listed)
        if known is not None:
            return known, False
        self._must_be_free(token, customer)
        request = NewCard(card=token, customer=customer, listed=listed, default=default)

        def decide(unit: Unit) -> Operation:
            operation = self.plans.plan(unit, EffectKind.ATTACH_CARD, user_id, request)
            bind(unit, "card", operation.id)
            return operation

        return self._attached(self.effects.perform(self.work(decide))), True

    def _attached(self, done: Operation) -> SavedCard:
        """Return the card that an operation has saved."""
        if done.state is OperationState.REFUSED:
            if not was_declined(done):
                raise PaymentMethodInvalid(_UNUSABLE)
            raise declined(failure_in(done))
        result = done.result
        if done.state is not OperationState.DONE or result is None:
            raise GatewayUnavailable("The payment gateway did not answer. Try again soon.")
        card = self.work(lambda unit: unit.cards.by_gateway_id(result))
        if card is None:
            raise BrokenInvariant(f"{done.id} attached {result} and did not save it")
        return card

    def _known(self, user_id: UserId, token: str, *, listed: bool) -> SavedCard | None:
        def decide(unit: Unit) -> SavedCard | None:
            card = unit.cards.by_gateway_id(token)
            if card is not None and card.student_id != user_id:
                raise PaymentMethodInvalid(_UNUSABLE)
            if card is None or card.removed_at is not None or card.is_listed < listed:
                return None
            return card

        return self.work(decide)

    def _must_be_free(self, token: str, customer: str) -> None:
        """Refuse what another customer owns, before anything is recorded."""
        owner = self._read(token).customer
        if owner not in {None, customer}:
            raise PaymentMethodInvalid(_UNUSABLE)

    def _read(self, token: str) -> GatewayCard:
        try:
            return self.gateway.cards.card(token)
        except GatewayRefused as refused:
            raise PaymentMethodInvalid(_UNUSABLE) from refused
        except (GatewayBusy, OutcomeUnknown) as error:
            raise GatewayUnavailable("The payment gateway did not answer.") from error
