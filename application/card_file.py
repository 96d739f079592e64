"""Saving cards and choosing the default, in an open unit; what the gateway is told of it."""

from attrs import evolve, frozen

from application.effects import EffectKind, Plans
from application.ports.clock import Clock
from application.ports.gateway import GatewayCard
from application.ports.ids import Ids
from application.ports.storage import Unit
from domain.cards import SavedCard, with_default
from domain.ids import CardId, UserId


@frozen(kw_only=True)
class CardOfCustomer:
    """Name a card and the customer it belongs to, as the params of an operation."""

    card: str
    customer: str


@frozen(kw_only=True)
class NewCard:
    """Name a card to attach and how it is to be saved, as the params of an operation.

    Without `default` it becomes the default only as the first one. What is not listed serves the
    next payment only.
    """

    card: str
    customer: str
    listed: bool = True
    default: bool | None = None


def cards_of(unit: Unit, student: UserId) -> tuple[SavedCard, ...]:
    """Return a student's cards, locked together with the student.

    Two who add the first card find none that they could lock, and each would make theirs the
    default.
    """
    unit.users.get(student)
    return unit.cards.of_student(student)


@frozen
class CardFile:
    """Keep cards on file, one of them the default."""

    clock: Clock
    ids: Ids
    plans: Plans

    def keep(
        self,
        unit: Unit,
        user_id: UserId,
        made: GatewayCard,
        *,
        listed: bool = True,
        default: bool | None = None,
    ) -> SavedCard:
        """Save an attached card; one that is there already is found, and listed if so asked."""
        cards = cards_of(unit, user_id)
        known = unit.cards.by_gateway_id(made.id)
        if known is not None and known.removed_at is None and known.is_listed >= listed:
            return known
        card = self._unlisted(user_id, made) if known is None else known
        card = unit.cards.save(evolve(card, is_listed=listed, removed_at=None))
        others = tuple(other for other in cards if other.id != card.id)
        is_first = not any(other.is_default for other in others)
        if listed and (default or is_first):
            card = self.choose(unit, (*others, card), card)
        return card

    def _unlisted(self, user_id: UserId, made: GatewayCard) -> SavedCard:
        return SavedCard(
            id=CardId(self.ids.new("card")),
            student_id=user_id,
            gateway_id=made.id,
            brand=made.brand,
            last4=made.last4,
            exp_month=made.exp_month,
            exp_year=made.exp_year,
            country=made.country,
            is_default=False,
            is_listed=False,
            created_at=self.clock.now(),
        )

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
            self.plans.plan(unit, EffectKind.SET_DEFAULT_CARD, student, request, for_worker=True)
