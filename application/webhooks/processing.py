"""The inbox: each delivery is applied once, now or later."""

from datetime import timedelta
from functools import partial

from attrs import evolve, frozen

from application.ports.clock import Clock, WallClock
from application.ports.gateway import (
    GatewayBusy,
    GatewayRefused,
    OutcomeUnknown,
)
from application.ports.records import Delivery, DeliveryState
from application.ports.storage import (
    Reader,
    Unit,
    UnitOfWork,
)
from application.webhooks.meanings import Applier, Meanings
from domain.errors import BrokenInvariant, DomainError
from domain.events import StaffAlerted

RETRY_AT_MOST = timedelta(hours=1)

TELL_STAFF_AFTER_TRIES = 8


@frozen
class Processing:
    """Apply deliveries of the inbox, each once."""

    work: UnitOfWork
    read: Reader
    clock: Clock
    wall: WallClock
    meanings: Meanings

    def process(self, id: str) -> bool:
        """Apply a delivery; False when it was done already, or has to be tried again."""
        delivery = self.read(lambda views: views.deliveries.find(id))
        if delivery is None or delivery.state is not DeliveryState.RECEIVED:
            return False
        try:
            applier = self.meanings.look(delivery)
            return self.work(lambda unit: self._mark(unit, id, applier))
        except GatewayRefused as refused:
            return self.work(partial(self._suspend, id=id, why=str(refused)))
        except (GatewayBusy, OutcomeUnknown, DomainError, BrokenInvariant) as error:
            return self.work(partial(self._again_later, id=id, why=str(error)))

    def _suspend(self, unit: Unit, id: str, why: str) -> bool:
        return self._mark(unit, id, lambda _: DeliveryState.SUSPENDED, why)

    def _mark(self, unit: Unit, id: str, applier: Applier, error: str | None = None) -> bool:
        delivery = unit.inbox.get(id)
        if delivery.state is not DeliveryState.RECEIVED:
            return False
        state = applier(unit)
        events = delivery.events
        if state is DeliveryState.SUSPENDED:
            detail = f"{delivery.type} concerns {delivery.object_id}, which nobody here knows"
            events = (*events, self._alert(delivery, "suspense", detail))
        unit.inbox.save(
            evolve(
                delivery,
                state=state,
                applied_at=self.clock.now(),
                next_try_at=None,
                tries=delivery.tries + 1,
                error=error,
                events=events,
            )
        )
        return True

    def _again_later(self, unit: Unit, id: str, why: str) -> bool:
        delivery = unit.inbox.get(id)
        if delivery.state is not DeliveryState.RECEIVED:
            return False
        tries = delivery.tries + 1
        pause = min(timedelta(seconds=2**tries), RETRY_AT_MOST)
        events = delivery.events
        if tries == TELL_STAFF_AFTER_TRIES:
            events = (*events, self._alert(delivery, "stuck_delivery", why[:500]))
        unit.inbox.save(
            evolve(
                delivery,
                tries=tries,
                error=why[:500],
                next_try_at=self.wall.now() + pause,
                events=events,
            )
        )
        return False

    def _alert(self, delivery: Delivery, topic: str, detail: str) -> StaffAlerted:
        return StaffAlerted(topic=topic, subject=delivery.id, detail=detail, at=self.clock.now())
