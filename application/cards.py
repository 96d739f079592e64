"""Cards on file: adding, choosing and removing them, and the gateway's own pages for that."""

from attrs import evolve, frozen

from application.answers import answered
from application.bus import handles
from application.card_file import CardFile, CardOfCustomer, cards_of
from application.commands import Actor, Command
from application.customers import Customers
from application.effects import EffectKind, Effects, Plans
from application.ports.clock import Clock
from application.ports.gateway import (
    Gateway,
    GatewayBusy,
    GatewayRefused,
    GatewaySetup,
    OutcomeUnknown,
)
from application.ports.records import Operation
from application.ports.storage import Reader, Unit, UnitOfWork
from domain.cards import SavedCard, next_default
from domain.errors import GatewayUnavailable, NotFound
from domain.ids import CardId, UserId
from domain.people import Role


@frozen(kw_only=True)
class AddedCard:
    """A card on file; `is_new` is false when it was there already."""

    card_id: CardId
    is_new: bool


@frozen(kw_only=True)
class AddCard(Command[AddedCard]):
    """Put a card on file by its token; the first one becomes the default."""

    payment_method_id: str
    set_as_default: bool | None = None
    listed: bool = True


@handles(AddCard)
@frozen
class AddCardHandler:
    work: UnitOfWork
    customers: Customers
    file: CardFile

    def __call__(self, command: AddCard, actor: Actor) -> AddedCard:
        student = actor.must_be(Role.STUDENT)
        card, is_new = self.customers.attach(
            student,
            command.payment_method_id,
            listed=command.listed,
            default=command.set_as_default,
        )
        result = AddedCard(card_id=card.id, is_new=is_new)

        def decide(unit: Unit) -> AddedCard:
            if command.set_as_default and not is_new and not card.is_default:
                self.file.choose(unit, cards_of(unit, student), card)
            return answered(unit, result)

        return self.work(decide)


@frozen(kw_only=True)
class SetUpCard(Command[GatewaySetup]):
    """Begin to add a card with the gateway's own form."""


@handles(SetUpCard)
@frozen
class SetUpCardHandler:
    work: UnitOfWork
    customers: Customers
    gateway: Gateway

    def __call__(self, _: SetUpCard, actor: Actor) -> GatewaySetup:
        student = actor.must_be(Role.STUDENT)
        customer = self.customers.customer_of(student)
        try:
            setup = self.gateway.cards.set_up_card(customer)
        except (GatewayBusy, OutcomeUnknown, GatewayRefused) as error:
            raise GatewayUnavailable("The payment gateway did not answer.") from error
        return self.work(lambda unit: answered(unit, setup))


@frozen(kw_only=True)
class SetDefaultCard(Command[CardId]):
    """Make a card the one that is charged when none is named."""

    card_id: CardId


@handles(SetDefaultCard)
@frozen
class SetDefaultCardHandler:
    work: UnitOfWork
    file: CardFile

    def __call__(self, command: SetDefaultCard, actor: Actor) -> CardId:
        student = actor.must_be(Role.STUDENT)

        def decide(unit: Unit) -> CardId:
            cards = cards_of(unit, student)
            card = _own(cards, command.card_id)
            if not card.is_default:
                self.file.choose(unit, cards, card)
            return answered(unit, card.id)

        return self.work(decide)


@frozen(kw_only=True)
class RemoveCard(Command[None]):
    """Take a card off file and detach it at the gateway; another becomes the default."""

    card_id: CardId


@handles(RemoveCard)
@frozen
class RemoveCardHandler:
    work: UnitOfWork
    clock: Clock
    plans: Plans
    effects: Effects
    file: CardFile

    def __call__(self, command: RemoveCard, actor: Actor) -> None:
        student = actor.must_be(Role.STUDENT)
        operation = self.work(lambda unit: self._remove(unit, student, command.card_id))
        self.effects.patiently(operation)

    def _remove(self, unit: Unit, student: UserId, id: CardId) -> Operation:
        now = self.clock.now()
        cards = cards_of(unit, student)
        card = _own(cards, id)
        removed = unit.cards.save(card.removed(at=now))
        heir = next_default([other for other in cards if other.id != id], now)
        if card.is_default and heir is not None:
            unit.cards.save(evolve(heir, is_default=True))
        if card.is_default:
            self.file.tell_gateway(unit, student, heir.gateway_id if heir else "")
        user = unit.users.find(student)
        request = CardOfCustomer(
            card=removed.gateway_id,
            customer=(user.gateway_customer_id if user else None) or "",
        )
        return self.plans.plan(unit, EffectKind.DETACH_CARD, card.id, request)


@frozen(kw_only=True)
class ListCards(Command[tuple[SavedCard, ...]]):
    """List a student's cards: one's own, or any student's for staff."""

    student_id: UserId | None = None


@handles(ListCards)
@frozen
class ListCardsHandler:
    read: Reader

    def __call__(self, command: ListCards, actor: Actor) -> tuple[SavedCard, ...]:
        own = actor.must_be(Role.STUDENT, Role.ADMIN)
        if actor.role is Role.STUDENT and command.student_id not in {None, own}:
            raise NotFound("This student")
        return self.read(lambda views: views.people.cards(command.student_id or own))


@frozen(kw_only=True)
class GetCard(Command[SavedCard]):
    """Look one card up."""

    card_id: CardId


@handles(GetCard)
@frozen
class GetCardHandler:
    read: Reader

    def __call__(self, command: GetCard, actor: Actor) -> SavedCard:
        actor.must_be(Role.STUDENT, Role.ADMIN)
        card = self.read(lambda views: views.people.card(command.card_id))
        is_own = card is not None and (actor.sees_everything or card.student_id == actor.user_id)
        if card is None or not is_own or card.removed_at is not None or not card.is_listed:
            raise NotFound("This payment method")
        return card


@frozen(kw_only=True)
class OpenBillingPortal(Command[str]):
    """Open the gateway's own page for cards and invoices; its URL is answered."""

    return_url: str | None = None


@handles(OpenBillingPortal)
@frozen
class OpenBillingPortalHandler:
    work: UnitOfWork
    customers: Customers
    gateway: Gateway

    def __call__(self, command: OpenBillingPortal, actor: Actor) -> str:
        student = actor.must_be(Role.STUDENT)
        customer = self.customers.customer_of(student)
        try:
            url = self.gateway.customers.billing_portal(customer, return_url=command.return_url)
        except (GatewayBusy, OutcomeUnknown, GatewayRefused) as error:
            raise GatewayUnavailable("The payment gateway did not answer.") from error
        return self.work(lambda unit: answered(unit, url))


def _own(cards: tuple[SavedCard, ...], id: CardId) -> SavedCard:
    for card in cards:
        if card.id == id and card.is_listed:
            return card
    raise NotFound("This payment method")
