"""Events on their way to our inbox."""

from collections.abc import Sequence
from datetime import timedelta

from attrs import evolve, field, frozen

from adapters.fake.records import Event, PendingDelivery
from adapters.fake.turn import Turn
from adapters.fake.webhooks import sign
from adapters.fake.wire import Wire
from application.ports.test_mode import Delivery

GIVE_UP_AFTER_ATTEMPTS = 16
"""With doubling pauses from five seconds on this is about three days, as long as Stripe tries."""


@frozen
class FakeDeliveries:
    """A `DeliveryQueue`. Signed with the first secret, and when asked for."""

    _wire: Wire
    _secret: str = field(repr=False)

    def pending_deliveries(self, limit: int = 100) -> Sequence[Delivery]:
        """Return deliveries that are due, oldest first."""
        now = self._wire.clock.now()

        def see(turn: Turn) -> list[tuple[str, Event]]:
            waiting = turn.due(PendingDelivery, now, limit=limit)
            return [(each.id, turn.get(Event, each.event)) for each in waiting]

        found = self._wire.store.read(lambda rows: see(Turn(rows, now)))
        return [self._signed(id_, event) for id_, event in found]

    def delivered(self, delivery: str) -> None:
        """Strike a delivery off."""

        def happen(turn: Turn) -> None:
            waiting = turn.find(PendingDelivery, delivery)
            if waiting is not None:
                turn.delete(waiting)

        self._wire.control(happen)

    def undelivered(self, delivery: str) -> None:
        """Put a delivery back for later."""

        def happen(turn: Turn) -> None:
            waiting = turn.find(PendingDelivery, delivery)
            if waiting is None:
                return
            attempts = waiting.attempts + 1
            if attempts >= GIVE_UP_AFTER_ATTEMPTS:
                turn.delete(waiting)
                return
            due = turn.now + timedelta(seconds=5 * 2**waiting.attempts)
            turn.save(evolve(waiting, attempts=attempts, due=due))

        self._wire.control(happen)

    def delivery_of(self, event: str) -> Delivery:
        """Return a delivery of any event, waiting or not: the order is the caller's."""

        def see(turn: Turn) -> Event:
            return turn.get(Event, event)

        return self._signed(event, self._wire.control(see))

    def send_again(self, event: str) -> None:
        """Queue an event once more, as Stripe may."""

        def happen(turn: Turn) -> None:
            id_, seq = turn.mint("whd")
            turn.save(PendingDelivery(id=id_, seq=seq, event=event, due=turn.now))

        self._wire.control(happen)

    def tell_again(self, event: str) -> str:
        """Queue the same fact under another id, as Stripe may; return that id."""

        def happen(turn: Turn) -> str:
            told = turn.get(Event, event)
            id_, seq = turn.mint("evt")
            body = told.body.replace(f'"{told.id}"', f'"{id_}"', 1)
            turn.save(evolve(told, id=id_, seq=seq, body=body))
            turn.save(PendingDelivery(id=id_, seq=seq, event=id_, due=turn.now))
            return id_

        return self._wire.control(happen)

    def _signed(self, id_: str, event: Event) -> Delivery:
        body = event.body.encode()
        return Delivery(
            id=id_,
            event=event.id,
            type=event.type,
            body=body,
            signature=sign(body, self._secret, self._wire.wall_clock.now()),
        )
