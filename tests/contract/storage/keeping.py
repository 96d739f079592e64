"""Put values into a storage, each where it belongs."""

from collections.abc import Iterator
from typing import Any, TypeVar

from application.ports.records import AuditEntry, Delivery, IdempotencyRecord, Operation
from application.ports.storage import Page, PageRequest, Position, Storage, Unit, Views
from domain.bookings import Booking
from domain.cards import SavedCard
from domain.earnings import EarningLine, Payout, TeacherAccount, TeacherBalance
from domain.gigs import Gig
from domain.ledger import Entry
from domain.payments import Payment
from domain.people import Session, User
from domain.refunds import Refund

Value = TypeVar("Value")

_REPOSITORIES: dict[type, str] = {
    User: "users",
    Session: "sessions",
    Gig: "gigs",
    Booking: "bookings",
    Payment: "payments",
    Refund: "refunds",
    SavedCard: "cards",
    TeacherAccount: "accounts",
    TeacherBalance: "balances",
    Payout: "payouts",
    Operation: "operations",
}


def save(unit: Unit, value: Any) -> Any:
    """Write one value; return it as it was saved, or as it is where nothing comes back."""
    match value:
        case EarningLine():
            unit.earnings.save_all([value])
        case Delivery():
            if value.version:
                return unit.inbox.save(value)
            unit.inbox.receive(value)
        case Entry():
            unit.ledger.post(value)
        case IdempotencyRecord():
            unit.idempotency.insert(value)
        case AuditEntry():
            unit.audit.append(value)
        case _:
            return getattr(unit, _REPOSITORIES[type(value)]).save(value)
    return value


def keep(storage: Storage, *values: Any) -> list[Any]:
    """Write values in one unit."""
    return storage.work(lambda unit: [save(unit, value) for value in values])


def keep_one(storage: Storage, value: Value) -> Value:
    """Write one value in a unit; return it as it was saved."""
    saved: Value = storage.work(lambda unit: save(unit, value))
    return saved


def ids_of(values: Any) -> list[str]:
    """Return the ids of values, in their order."""
    return [value.id for value in values]


def listed(storage: Storage, view: str, where: Any, limit: int = 50) -> list[str]:
    """Return the ids that a view lists on its first page."""
    return ids_of(page_of(storage, view, where, PageRequest(limit=limit)).items)


def page_of(storage: Storage, view: str, where: Any, request: PageRequest) -> Page[Any]:
    """Return a page of a view."""

    def query(views: Views) -> Page[Any]:
        page: Page[Any] = getattr(views, view).list(where, request)
        return page

    return storage.read(query)


def pages(storage: Storage, view: str, where: Any, limit: int) -> Iterator[list[str]]:
    """Go from page to page, by ids; each is read when it is asked for."""
    after: Position | None = None
    while True:
        page = page_of(storage, view, where, PageRequest(limit=limit, after=after))
        yield ids_of(page.items)
        if page.next is None:
            return
        after = page.next
