"""Effects on customers and their cards."""

from typing import ClassVar

from attrs import frozen

from application.card_file import CardFile, CardOfCustomer, NewCard
from application.effects import EffectKind
from application.gateway_effects.probing import PROBE_BACK
from application.ports.gateway import (
    Gateway,
    GatewayCard,
    GatewayCustomer,
    GatewayError,
    NewCustomer,
)
from application.ports.records import Operation
from application.ports.storage import Unit
from domain.ids import UserId


@frozen
class CreateCustomer:
    """Make the gateway's customer for a user."""

    gateway: Gateway
    kind: ClassVar[EffectKind] = EffectKind.CREATE_CUSTOMER

    def send(self, operation: Operation, key: str) -> GatewayCustomer:
        """Make the customer."""
        request = operation.request(NewCustomer)
        return self.gateway.customers.create_customer(request, key=key)

    def probe(self, operation: Operation) -> GatewayCustomer | None:
        """Look among the customers with the user's address."""
        return self.gateway.customers.find_customer(
            operation.id,
            email=str(operation.params["email"]),
            since=operation.created_at - PROBE_BACK,
        )

    def apply(self, unit: Unit, operation: Operation, made: GatewayCustomer) -> str | None:
        """Remember the customer; the first one stays."""
        user = unit.users.get(UserId(operation.subject))
        if user.gateway_customer_id is None:
            unit.users.save(user.known_to_gateway_as(made.id))
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Release nothing: nothing was reserved."""


@frozen
class AttachCard:
    """Attach a card to a customer, and save it."""

    gateway: Gateway
    file: CardFile
    kind: ClassVar[EffectKind] = EffectKind.ATTACH_CARD

    def send(self, operation: Operation, key: str) -> GatewayCard:
        """Attach the card."""
        asked = operation.request(NewCard)
        return self.gateway.cards.attach_card(asked.card, customer=asked.customer, key=key)

    def probe(self, operation: Operation) -> GatewayCard | None:
        """Tell whether it is the customer's. A test token, which becomes a card of another id,
        never is: there the same key has to tell.
        """
        card = self.gateway.cards.card(str(operation.params["card"]))
        return card if card.customer == operation.params["customer"] else None

    def apply(self, unit: Unit, operation: Operation, made: GatewayCard) -> str | None:
        """Save the card as was asked, once."""
        asked = operation.request(NewCard)
        self.file.keep(
            unit, UserId(operation.subject), made, listed=asked.listed, default=asked.default
        )
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Release nothing: nothing was reserved."""


@frozen
class DetachCard:
    """Detach a removed card at the gateway."""

    gateway: Gateway
    kind: ClassVar[EffectKind] = EffectKind.DETACH_CARD

    def send(self, operation: Operation, key: str) -> GatewayCard:
        """Detach the card."""
        asked = operation.request(CardOfCustomer)
        return self.gateway.cards.detach_card(asked.card, key=key)

    def probe(self, operation: Operation) -> GatewayCard | None:
        """Tell whether nobody owns it any more."""
        card = self.gateway.cards.card(str(operation.params["card"]))
        return card if card.customer is None else None

    def apply(self, unit: Unit, operation: Operation, made: GatewayCard) -> str | None:
        """Book nothing: the card is off file already."""
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Leave it: it is gone at the gateway too, which is what was wanted."""


@frozen
class SetDefaultCard:
    """Set the card that a customer's invoices are charged to."""

    gateway: Gateway
    kind: ClassVar[EffectKind] = EffectKind.SET_DEFAULT_CARD

    def send(self, operation: Operation, key: str) -> GatewayCustomer:
        """Set the default."""
        asked = operation.request(CardOfCustomer)
        self.gateway.customers.set_default_card(asked.customer, asked.card or None, key=key)
        return GatewayCustomer(id=asked.customer)

    def probe(self, operation: Operation) -> GatewayCustomer | None:
        """Tell whether it is set."""
        customer = self.gateway.customers.customer(str(operation.params["customer"]))
        wanted = operation.params["card"] or None
        return customer if customer.default_card == wanted else None

    def apply(self, unit: Unit, operation: Operation, made: GatewayCustomer) -> str | None:
        """Book nothing: our default is set already."""
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Leave it: our default stands; the gateway's is set with the next change."""
