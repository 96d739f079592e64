"""Nobody is in two places at once."""

from datetime import datetime

from attrs import define, field

from application.ports.storage import Slot
from application.verification.report import Look


@define
class _Calendar:
    """One person's slots, as they come: the earliest end first.

    Of slots in that order, any two overlap only if two neighbours do.
    """

    look: Look
    last: Slot | None = None
    beside: list[Slot] = field(factory=list)
    """Slots of the same lesson as the last one, that one included."""

    def take(self, slot: Slot) -> None:
        """Compare a slot with the ones before."""
        if slot.listed_until != slot.ends_at:
            # It comes out of turn: neighbours say nothing about it.
            self._wrong(slot, f"ends at {_told(slot.ends_at)}, not {_told(slot.listed_until)}")
            return
        last = self.last
        if last is not None and self._is_beside(slot, last):
            self.beside.append(slot)
            if slot.capacity is not None and len(self.beside) > slot.capacity:
                self._wrong(slot, f"is one too many at {_told(slot.starts_at)}: {slot.capacity}")
        else:
            if last is not None and slot.starts_at < last.ends_at:
                self._wrong(slot, f"overlaps {last.booking} at {_told(slot.starts_at)}")
            self.beside = [slot]
        self.last = slot

    def _is_beside(self, slot: Slot, last: Slot) -> bool:
        """Tell whether it is another seat of the same lesson; a student never has two."""
        same = (slot.gig, slot.starts_at, slot.ends_at) == (last.gig, last.starts_at, last.ends_at)
        return (
            same
            and slot.person != slot.student
            and all(slot.student != other.student for other in self.beside)
        )

    def _wrong(self, slot: Slot, detail: str) -> None:
        self.look.wrong("I10", slot.booking, f"in the calendar of {slot.person}: {detail}")


def check_calendars(look: Look) -> None:
    """I10: what a teacher, or a student, has booked is disjoint, but for seats of one lesson."""
    person, calendar = "", _Calendar(look)
    for slot in look.each("calendar slots", look.views.corners.slots()):
        if slot.person != person:
            person, calendar = slot.person, _Calendar(look)
        calendar.take(slot)


def _told(at: datetime) -> str:
    return at.isoformat()
