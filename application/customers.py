"""The gateway's customer behind a user, and the payment methods that belong to it."""

from attrs import frozen

from application.effects import DECLINED, Effects, Plans, failure_of
from application.gateway_effects import CardOfCustomer
from application.ports.clock import Clock
from application.ports.gateway import (
    Gateway,
    GatewayBusy,
    GatewayCard,
    GatewayError,
    GatewayRefused,
    NewCustomer,
    OutcomeUnknown,
)
from application.ports.ids import Ids
from application.ports.records import Operation, OperationState
from application.ports.storage import Unit, UnitOfWork
from domain.cards import SavedCard, with_default
from domain.errors import DomainError, GatewayUnavailable, NotFound, Refused
from domain.ids import CardId, UserId
from domain.payments import Failure


class CardDeclined(DomainError):
    """The bank said no; `extra` holds the decline's own advice."""

    code = "card_declined"


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
    clock: Clock
    ids: Ids
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
                if operation.kind == "customer.create" and operation.state.is_open:
                    return operation
            request = NewCustomer(operation="", user=user.id, email=user.email, name=user.name)
            return Planned(self.plans.plan(unit, "customer.create", user.id, request))

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
        customer = self.customer_of(user_id)
        known = self._known(user_id, token)
        if known is not None:
            return known, False
        self._must_be_free(token, customer)
        request = CardOfCustomer(card=token, customer=customer)
        operation = self.work(lambda unit: self.plans.plan(unit, "card.attach", user_id, request))
        done = self.effects.perform(operation)
        if done.state is OperationState.REFUSED:
            if not was_declined(done):
                raise PaymentMethodInvalid("This payment method cannot be used here.")
            raise declined(failure_in(done))
        if done.state is not OperationState.DONE or done.result is None:
            raise GatewayUnavailable("The payment gateway did not answer. Try again soon.")
        made = self._read(done.result)
        return self.work(
            lambda unit: self.keep(unit, user_id, made, listed=listed, default=default)
        )

    def _known(self, user_id: UserId, token: str) -> SavedCard | None:
        def decide(unit: Unit) -> SavedCard | None:
            card = unit.cards.by_gateway_id(token)
            if card is None or card.removed_at is not None:
                return None
            if card.student_id != user_id:
                raise PaymentMethodInvalid("This payment method cannot be used here.")
            return card

        return self.work(decide)

    def _must_be_free(self, token: str, customer: str) -> None:
        """Refuse what another customer owns, before anything is recorded."""
        owner = self._read(token).customer
        if owner not in {None, customer}:
            raise PaymentMethodInvalid("This payment method cannot be used here.")

    def _read(self, token: str) -> GatewayCard:
        try:
            return self.gateway.cards.card(token)
        except GatewayRefused as refused:
            raise PaymentMethodInvalid("This payment method is unknown.") from refused
        except (GatewayBusy, OutcomeUnknown) as error:
            raise GatewayUnavailable("The payment gateway did not answer.") from error
        except GatewayError as error:
            raise declined(failure_of(error)) from error

    def keep(
        self,
        unit: Unit,
        user_id: UserId,
        made: GatewayCard,
        *,
        listed: bool,
        default: bool | None,
    ) -> tuple[SavedCard, bool]:
        """Save an attached card in an open unit; tell whether it is new here."""
        cards = unit.cards.of_student(user_id)
        for card in cards:
            if card.gateway_id == made.id:
                return card, False
        is_first = not any(card.is_default for card in cards)
        card = unit.cards.save(
            SavedCard(
                id=CardId(self.ids.new("card")),
                student_id=user_id,
                gateway_id=made.id,
                brand=made.brand,
                last4=made.last4,
                exp_month=made.exp_month,
                exp_year=made.exp_year,
                country=made.country,
                is_default=False,
                is_listed=listed,
                created_at=self.clock.now(),
            )
        )
        if listed and (default or is_first):
            card = self.choose(unit, (*cards, card), card)
        return card, True

    def choose(self, unit: Unit, cards: tuple[SavedCard, ...], chosen: SavedCard) -> SavedCard:
        """Make one card the only default, here now and at the gateway by the worker."""
        result = chosen
        # The old default gives way first: a student never has two, not even inside the unit.
        for changed in sorted(with_default(cards, chosen.id), key=lambda card: card.is_default):
            saved = unit.cards.save(changed)
            result = saved if saved.id == chosen.id else result
        self.tell_gateway(unit, chosen.student_id, chosen.gateway_id)
        return result

    def tell_gateway(self, unit: Unit, student: UserId, card: str) -> None:
        """Have the worker set (or with an empty card clear) the default for invoices."""
        user = unit.users.find(student)
        if user is not None and user.gateway_customer_id is not None:
            request = CardOfCustomer(card=card, customer=user.gateway_customer_id)
            self.plans.plan(unit, "card.set_default", student, request, for_worker=True)
