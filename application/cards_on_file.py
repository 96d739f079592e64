"""What the gateway tells of cards: set up in the browser, changed by a bank, removed elsewhere."""

from collections.abc import Callable

from attrs import evolve, frozen

from application.card_file import CardFile, cards_of
from application.effects import EffectKind
from application.ports.clock import Clock
from application.ports.gateway import Gateway, GatewayCard
from application.ports.records import DeliveryState
from application.ports.storage import Unit
from domain.cards import SavedCard, next_default


@frozen
class CardsOnFile:
    """Keep our cards like the gateway's."""

    clock: Clock
    gateway: Gateway
    file: CardFile

    def seen(self, card: str) -> Callable[[Unit], DeliveryState]:
        """Read a card now; save it if it is a student's new one, or take its changes in."""
        made = self.gateway.cards.card(card)

        def apply(unit: Unit) -> DeliveryState:
            user = unit.users.by_gateway_customer(made.customer) if made.customer else None
            if user is not None:
                unit.users.get(user.id)  # who adds this very card now is waited for
            known = unit.cards.by_gateway_id(made.id)
            if known is not None:
                return self._changed(unit, known, made)
            if user is None:
                return DeliveryState.IGNORED
            is_being_added = any(
                operation.kind == EffectKind.ATTACH_CARD and operation.state.is_open
                for operation in unit.operations.of_subject(user.id)
            )
            if is_being_added:
                return DeliveryState.IGNORED  # the request that attaches it knows how to list it
            self.file.keep(unit, user.id, made)
            return DeliveryState.APPLIED

        return apply

    @staticmethod
    def _changed(unit: Unit, known: SavedCard, made: GatewayCard) -> DeliveryState:
        if known.removed_at is not None:
            return DeliveryState.IGNORED
        current = evolve(
            known,
            brand=made.brand,
            last4=made.last4,
            exp_month=made.exp_month,
            exp_year=made.exp_year,
            country=made.country,
        )
        if current != known:
            unit.cards.save(current)
        return DeliveryState.APPLIED

    def gone(self, card: str) -> Callable[[Unit], DeliveryState]:
        """Take a card off file that was detached elsewhere, such as in the gateway's portal."""
        now = self.clock.now()

        def apply(unit: Unit) -> DeliveryState:
            known = unit.cards.by_gateway_id(card)
            if known is None or known.removed_at is not None:
                return DeliveryState.IGNORED
            others = [other for other in cards_of(unit, known.student_id) if other.id != known.id]
            unit.cards.save(known.removed(at=now))
            heir = next_default(others, now)
            if known.is_default and heir is not None:
                unit.cards.save(evolve(heir, is_default=True))
                self.file.tell_gateway(unit, known.student_id, heir.gateway_id)
            return DeliveryState.APPLIED

        return apply
