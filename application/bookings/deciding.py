"""What the handlers that change one booking have in common."""

from attrs import frozen

from application.commands import Actor
from application.ending import Ending
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.storage import Unit, UnitOfWork
from application.rules import PlatformRules
from application.staff import audited
from domain.bookings import Booking


@frozen
class Deciding:
    """What the handlers that change one booking have in common."""

    work: UnitOfWork
    clock: Clock
    ids: Ids
    rules: PlatformRules
    ending: Ending

    def audit(self, unit: Unit, actor: Actor, before: Booking, after: Booking) -> None:
        """Record what staff did to a booking."""
        if not actor.is_admin:
            return
        audited(
            unit,
            self.ids,
            actor,
            action=f"booking.{after.status}",
            subject=before.id,
            before={"status": before.status, "starts_at": before.period.start.isoformat()},
            after={"status": after.status, "starts_at": after.period.start.isoformat()},
            at=self.clock.now(),
        )
