"""Receiving deliveries, applying one again, and looking through them."""

from attrs import evolve, field, frozen

from application.answers import answered
from application.bus import handles
from application.commands import Actor, Command
from application.ports.clock import Clock, WallClock
from application.ports.gateway import (
    BadSignature,
    Gateway,
)
from application.ports.ids import Ids
from application.ports.records import Delivery, DeliveryState
from application.ports.storage import (
    DeliveryFilter,
    Page,
    PageRequest,
    Reader,
    Unit,
    UnitOfWork,
)
from application.staff import audited
from application.webhooks.processing import Processing
from domain.errors import DomainError, NotFound
from domain.people import Role


class WebhookRejected(DomainError):
    """The delivery is not from the gateway, or stale, or altered."""

    code = "bad_signature"


@frozen(kw_only=True)
class ReceiveWebhook(Command[None]):
    """Keep a delivery, and apply it at once where that is possible."""

    body: bytes = field(repr=False)
    signature: str | None = field(repr=False)


@handles(ReceiveWebhook)
@frozen
class ReceiveWebhookHandler:
    work: UnitOfWork
    wall: WallClock
    gateway: Gateway
    processing: Processing

    def __call__(self, command: ReceiveWebhook, _: Actor) -> None:
        try:
            event = self.gateway.webhooks.decode(command.body, command.signature)
        except BadSignature as bad:
            raise WebhookRejected("The signature does not fit the delivery.") from bad
        now = self.wall.now()
        delivery = Delivery(
            id=event.id,
            type=event.type,
            object_type=event.object_type,
            object_id=event.object_id,
            payment=event.payment,
            account=event.account,
            livemode=event.livemode,
            api_version=event.api_version,
            facts=event.facts,
            body=command.body,
            event_at=event.created_at,
            received_at=now,
            next_try_at=now,
        )
        self.work(lambda unit: unit.inbox.receive(delivery))
        self.processing.process(event.id)


@frozen(kw_only=True)
class ReplayDelivery(Command[str]):
    """Apply a delivery once more."""

    delivery_id: str


@handles(ReplayDelivery)
@frozen
class ReplayDeliveryHandler:
    work: UnitOfWork
    clock: Clock
    wall: WallClock
    ids: Ids
    processing: Processing

    def __call__(self, command: ReplayDelivery, actor: Actor) -> str:
        actor.must_be(Role.ADMIN)

        def reopen(unit: Unit) -> None:
            delivery = unit.inbox.get(command.delivery_id)
            unit.inbox.save(
                evolve(delivery, state=DeliveryState.RECEIVED, next_try_at=self.wall.now())
            )
            audited(
                unit,
                self.ids,
                actor,
                action="webhook_event.replay",
                subject=delivery.id,
                before={"state": delivery.state},
                after={"state": DeliveryState.RECEIVED},
                at=self.clock.now(),
            )

        self.work(reopen)
        self.processing.process(command.delivery_id)
        return self.work(lambda unit: answered(unit, command.delivery_id))


@frozen(kw_only=True)
class GetDelivery(Command[Delivery]):
    """Look one delivery up."""

    delivery_id: str


@handles(GetDelivery)
@frozen
class GetDeliveryHandler:
    read: Reader

    def __call__(self, command: GetDelivery, actor: Actor) -> Delivery:
        actor.must_be(Role.ADMIN)
        delivery = self.read(lambda views: views.deliveries.find(command.delivery_id))
        if delivery is None:
            raise NotFound("This event")
        return delivery


@frozen(kw_only=True)
class ListDeliveries(Command[Page[Delivery]]):
    """Look through what the gateway delivered, newest first."""

    where: DeliveryFilter
    page: PageRequest


@handles(ListDeliveries)
@frozen
class ListDeliveriesHandler:
    read: Reader

    def __call__(self, command: ListDeliveries, actor: Actor) -> Page[Delivery]:
        actor.must_be(Role.ADMIN)
        return self.read(lambda views: views.deliveries.list(command.where, command.page))
