"""The way of webhooks: out of order, late by seconds or days, twice, and under another id."""

from collections.abc import Sequence

from attrs import frozen

from application.ports.test_mode import Delivery, DeliveryQueue
from entrypoints.simulation.marketplace import Marketplace


@frozen
class UnreliablePost:
    """A `DeliveryQueue` that brings what it likes when it likes."""

    market: Marketplace
    queue: DeliveryQueue

    def pending_deliveries(self, limit: int = 100) -> Sequence[Delivery]:
        """Return some of the deliveries that are due, in any order."""
        due = list(self.queue.pending_deliveries(limit))
        if self.market.troubles.post_is_reliable or not due:
            return due
        self.market.chance.shuffle(due)
        return due[: self.market.chance.randint(0, len(due))]

    def delivered(self, delivery: str) -> None:
        """Strike a delivery off, unless our answer gets lost: then it comes again."""
        if not self.market.troubles.post_is_reliable and self.market.happens(0.05):
            self.market.diary.count("webhooks whose answer was lost")
            self.queue.undelivered(delivery)
            return
        self.queue.delivered(delivery)

    def undelivered(self, delivery: str) -> None:
        """Put a delivery back for later."""
        self.queue.undelivered(delivery)
