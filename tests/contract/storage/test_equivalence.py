"""Whatever is written in whatever order: memory and SQLite hold the same, and list it the same."""

import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory import memory_storage
from application.ports.records import DeliveryState, OperationState
from application.ports.storage import (
    BookingFilter,
    DeliveryFilter,
    EarningFilter,
    PageRequest,
    PaymentFilter,
    PayoutFilter,
    RefundFilter,
    Storage,
    Unit,
    Views,
)
from domain.bookings import BookingStatus, PaymentState
from domain.earnings import PayoutStatus
from domain.errors import StaleWrite
from domain.events import BookingRequested
from domain.ids import BookingId, PaymentId, PayoutId
from domain.ledger import BANK, CASH, SUSPENSE
from domain.money import Money
from domain.payments import PaymentStatus
from domain.refunds import RefundStatus
from domain.time import period_of
from tests.builders import (
    EUR,
    NOW,
    STUDENT,
    TEACHER,
    USD,
    a_balance,
    a_booking,
    a_delivery,
    a_line,
    a_payment,
    a_payout,
    a_refund,
    after,
    an_entry,
    an_operation,
)
from tests.contract.storage.keeping import ids_of, keep, pages
from tests.contract.storage.school import GIG, OTHER_STUDENT, OTHER_TEACHER, PEOPLE
from tests.contract.storage.sql_harness import CountingIds, sqlite_storage

HOURS = (0, 1, 1, 2)
"""When the thing of each number was made: two of them at one instant."""
TEACHERS = ((TEACHER,), (OTHER_TEACHER,), (TEACHER, OTHER_TEACHER), (TEACHER,))
CURRENCIES = (USD, EUR)
LATER = after(hours=3)

Step = Callable[[Unit], Any]
numbers = st.integers(0, len(HOURS) - 1)
hours = st.integers(0, 4)
maybe_hours = st.none() | hours
versions_off = st.sampled_from((0, 0, 0, 0, 0, -1, 1))
"""By how much a writer is wrong about the version."""


class Undone(Exception):
    """Roll a unit back."""


def at(hour: int | None) -> datetime | None:
    return None if hour is None else after(hours=hour)


def aligned(fresh: Any, found: Any, off: int) -> Any:
    """Return the fresh value as a change of what is there, if it is."""
    known = 0 if found is None else found.version
    return evolve(fresh, version=max(0, known + off))


@frozen
class Saved:
    """Save a value, by a writer who may be wrong about its version."""

    repository: str
    value: Any
    off: int

    def __call__(self, unit: Unit) -> Any:
        repository = getattr(unit, self.repository)
        value = aligned(self.value, repository.find(self.value.id), self.off)
        if isinstance(getattr(value, "booking_id", None), str):
            known = unit.bookings.find(value.booking_id)
            value = evolve(value, booking_id=None if known is None else value.booking_id)
        if self.repository == "refunds" and unit.payments.find(value.payment_id) is None:
            return "no such payment"
        return repository.save(value)


@st.composite
def booking_steps(draw: st.DrawFn) -> Step:
    n = draw(numbers)
    value = a_booking(
        f"bk_{n}",
        draw(st.sampled_from(BookingStatus)),
        starts_at=after(hours=draw(hours)),
        minutes=draw(st.sampled_from((30, 60, 90))),
        student_id=draw(st.sampled_from((STUDENT, OTHER_STUDENT))),
        teachers=TEACHERS[n],
        payment_status=draw(st.sampled_from(PaymentState)),
        payment_is_processing=draw(st.booleans()),
        answer_due_at=at(draw(maybe_hours)),
        payment_due_at=at(draw(maybe_hours)),
        completes_at=after(hours=draw(hours)),
        settles_at=at(draw(maybe_hours)),
        created_at=after(hours=HOURS[n]),
        events=(BookingRequested(booking=f"bk_{n}", at=NOW),) * draw(st.integers(0, 2)),
    )
    return Saved("bookings", value, draw(versions_off))


@st.composite
def payment_steps(draw: st.DrawFn) -> Step:
    n = draw(numbers)
    value = a_payment(
        f"pay_{n}",
        draw(st.sampled_from(PaymentStatus)),
        amount=Money(10_000, CURRENCIES[n % 2]),
        booking_id=draw(st.sampled_from((None, "bk_0", "bk_1"))),
        teachers=TEACHERS[n],
        gateway_id=draw(st.sampled_from((None, "pi_0", "pi_1", f"pi_own_{n}"))),
        gateway_fee_booked=draw(st.booleans()),
        created_at=after(hours=HOURS[n]),
    )
    return Saved("payments", value, draw(versions_off))


@st.composite
def refund_steps(draw: st.DrawFn) -> Step:
    n = draw(numbers)
    value = a_refund(
        f"re_{n}",
        payment_id=f"pay_{n % 2}",
        booking_id=None,
        status=draw(st.sampled_from(RefundStatus)),
        gateway_id=draw(st.sampled_from((None, "re_gw_0", f"re_own_{n}"))),
        created_at=after(hours=HOURS[n]),
    )
    return Saved("refunds", value, draw(versions_off))


@st.composite
def payout_steps(draw: st.DrawFn) -> Step:
    n = draw(numbers)
    value = a_payout(
        f"po_{n}",
        draw(st.sampled_from(PayoutStatus)),
        teacher_id=TEACHERS[n][0],
        created_at=after(hours=HOURS[n]),
    )
    return Saved("payouts", value, draw(versions_off))


@st.composite
def operation_steps(draw: st.DrawFn) -> Step:
    n = draw(numbers)
    value = an_operation(
        f"op_{n}",
        subject=f"pay_{n % 2}",
        state=draw(st.sampled_from(OperationState)),
        lease_until=after(hours=draw(hours)),
        created_at=after(hours=HOURS[n]),
    )
    return Saved("operations", value, draw(versions_off))


@st.composite
def balance_steps(draw: st.DrawFn) -> Step:
    teacher, of = draw(st.sampled_from((TEACHER, OTHER_TEACHER))), draw(st.sampled_from(CURRENCIES))
    # So long ago that the next payout falls due within the hours that are looked at.
    paid = draw(st.sampled_from((None, *(after(hours=hour - 24) for hour in HOURS))))
    fresh = a_balance(teacher, of, payable=draw(st.integers(0, 9)), last_payout_at=paid)
    off = min(0, draw(versions_off))
    return lambda unit: unit.balances.save(
        evolve(fresh, version=max(0, unit.balances.get(teacher, of).version + off))
    )


@st.composite
def line_steps(draw: st.DrawFn) -> Step:
    n = draw(numbers)
    fresh = a_line(
        f"ern_{n}",
        teacher_id=TEACHERS[n][0],
        amount=Money(draw(st.integers(-5, 5)), CURRENCIES[n % 2]),
        booking_id=None,
        payment_id=None,
        at=after(hours=HOURS[n]),
        available_at=at(draw(maybe_hours)),
    )
    payout, off = PayoutId(f"po_{draw(numbers)}"), draw(versions_off)
    carried = draw(st.booleans())

    def save(unit: Unit) -> None:
        lines = [
            *unit.earnings.unpaid(fresh.teacher_id, fresh.amount.currency),
            *(line for number in range(len(HOURS)) for line in _carried(unit, number)),
        ]
        found = next((line for line in lines if line.id == fresh.id), None)
        carrier = payout if carried and unit.payouts.find(payout) else None
        unit.earnings.save_all([evolve(aligned(fresh, found, off), payout_id=carrier)])

    return save


def _carried(unit: Unit, number: int) -> Iterable[Any]:
    return unit.earnings.of_payout(PayoutId(f"po_{number}"))


@st.composite
def delivery_steps(draw: st.DrawFn) -> Step:
    n = draw(numbers)
    fresh = a_delivery(
        f"evt_{n}",
        state=draw(st.sampled_from(DeliveryState)),
        received_at=after(hours=HOURS[n]),
        next_try_at=at(draw(maybe_hours)),
    )
    off = draw(versions_off)

    def receive_or_save(unit: Unit) -> Any:
        if unit.inbox.receive(fresh):
            return "received"
        return unit.inbox.save(aligned(fresh, unit.inbox.get(fresh.id), off))

    return receive_or_save


@st.composite
def ledger_steps(draw: st.DrawFn) -> Step:
    debit, credit = draw(st.permutations((CASH, BANK, SUSPENSE)))[:2]
    entry = an_entry(
        f"kind:{draw(st.integers(0, 9))}",
        draw(st.integers(1, 9)),
        debit=debit,
        credit=credit,
        of=draw(st.sampled_from(CURRENCIES)),
    )
    return lambda unit: unit.ledger.post(entry)


def claim(unit: Unit) -> Any:
    claimed = unit.operations.claim_due(after(hours=1), after(hours=4), 2)
    return sorted(claimed, key=lambda operation: operation.id)


def hand_one_over(unit: Unit) -> Any:
    messages = unit.outbox.waiting(1)
    unit.outbox.done(message.id for message in messages)
    return [message.event for message in messages]


def seal_alone(unit: Unit) -> Any:
    return unit.ledger.seal(2)


def give_up(_: Unit) -> None:
    raise Undone


def look(unit: Unit) -> dict[str, Any]:
    """Ask a unit everything that the use cases ask; its own writes are in the answers."""
    slots = product((STUDENT, OTHER_STUDENT, TEACHER, OTHER_TEACHER), range(5))
    return {
        "overlapping": [
            sorted(ids_of(unit.bookings.overlapping((who,), period_of(after(hours=hour), 60))))
            for who, hour in slots
        ],
        "due": [unit.bookings.due(after(hours=hour), 3) for hour in range(5)],
        "of_booking": [unit.payments.of_booking(BookingId(f"bk_{n}")) for n in range(2)],
        "by_gateway_id": [unit.payments.by_gateway_id(f"pi_{n}") for n in range(2)],
        "awaiting": [
            unit.payments.awaiting_gateway_fee(3, passed)
            for passed in (None, *(PaymentId(f"pay_{n}") for n in range(len(HOURS))))
        ],
        "of_payment": [unit.refunds.of_payment(PaymentId(f"pay_{n}")) for n in range(2)],
        "refund": unit.refunds.by_gateway_id("re_gw_0"),
        "balances": unit.balances.of_teacher(TEACHER),
        "unpaid": [unit.earnings.unpaid(TEACHER, of) for of in CURRENCIES],
        "of_payout": [unit.earnings.of_payout(PayoutId(f"po_{n}")) for n in range(4)],
        "ready": [unit.earnings.ready(after(hours=hour), 3) for hour in range(5)],
        "operations": [unit.operations.of_subject(f"pay_{n}") for n in range(2)],
        "inbox": [unit.inbox.due(after(hours=hour), 3) for hour in range(5)],
        "outbox": [message.event for message in unit.outbox.waiting(100)],
        "sums": [unit.ledger.balance("suspense", of) for of in CURRENCIES],
        "bookings": unit.views.bookings.list(BookingFilter(), PageRequest(limit=3)),
        "payments": unit.views.payments.list(PaymentFilter(), PageRequest(limit=3)),
        "next": [unit.views.due.next_at(after(hours=hour)) for hour in range(5)],
    }


steps = st.one_of(
    booking_steps(),
    payment_steps(),
    refund_steps(),
    payout_steps(),
    operation_steps(),
    balance_steps(),
    line_steps(),
    delivery_steps(),
    ledger_steps(),
    st.sampled_from((claim, hand_one_over)),
)
units = st.one_of(
    st.tuples(steps),
    st.lists(steps, min_size=2, max_size=5).map(tuple),
    st.lists(steps, min_size=1, max_size=3).map(lambda taken: (*taken, look)),
    st.lists(steps, min_size=1, max_size=3).map(lambda taken: (*taken, give_up)),
    # Only what is committed is sealed: in a unit that posts, storages may differ.
    st.just((seal_alone,)),
)


def run(storage: Storage, taken: tuple[Step, ...]) -> Any:
    """Run one unit; return what came of it."""
    try:
        return storage.work(lambda unit: [step(unit) for step in taken])
    except (StaleWrite, Undone) as error:
        return type(error)


def listed(storage: Storage) -> dict[str, Any]:
    """Read all lists of the views, through pages of two."""
    wheres: tuple[tuple[str, Any], ...] = (
        ("bookings", BookingFilter()),
        *(("bookings", BookingFilter(status=status)) for status in BookingStatus),
        ("bookings", BookingFilter(teacher_id=OTHER_TEACHER)),
        ("bookings", BookingFilter(student_id=STUDENT, payment_status=PaymentState.PAID)),
        ("payments", PaymentFilter()),
        ("payments", PaymentFilter(teacher_id=OTHER_TEACHER)),
        ("payments", PaymentFilter(booking_id=BookingId("bk_0"))),
        ("payments", PaymentFilter(currency="eur", q="other_teacher")),
        ("refunds", RefundFilter(teacher_id=TEACHER)),
        ("refunds", RefundFilter(status="succeeded")),
        ("payouts", PayoutFilter(teacher_id=TEACHER)),
        ("earnings", EarningFilter(teacher_id=TEACHER)),
        ("deliveries", DeliveryFilter(state="received")),
    )
    return {str((view, where)): list(pages(storage, view, where, 2)) for view, where in wheres}


def read(views: Views) -> dict[str, Any]:
    """Read what the views tell besides their lists."""
    return {
        "entries": list(views.books.entries()),
        "balances": sorted(views.books.balances()),
        "of_account": list(views.books.of_account("suspense")),
        "payments": sorted(views.everything.payments(), key=lambda each: each.id),
        "bookings": sorted(views.everything.bookings(), key=lambda each: each.id),
        "next": [views.due.next_at(after(hours=hour)) for hour in range(5)],
        "newest": [views.due.payment_of_booking(BookingId(f"bk_{n}")) for n in range(2)],
        "health": views.due.health(),
    }


@pytest.mark.slow
@settings(max_examples=settings().max_examples // 3)
@given(st.lists(units, min_size=1, max_size=25))
def test_memory_and_sqlite_are_told_the_same_and_tell_the_same(
    history: list[tuple[Step, ...]],
) -> None:
    memory = memory_storage(CountingIds())
    with (
        tempfile.TemporaryDirectory() as directory,
        sqlite_storage(Path(directory) / "same.db") as sqlite,
    ):
        for storage in (memory, sqlite):
            keep(storage, *PEOPLE, GIG)
        for taken in history:
            assert run(memory, taken) == run(sqlite, taken)
        assert listed(memory) == listed(sqlite)
        assert memory.work(look) == sqlite.work(look)
        assert memory.read(read) == sqlite.read(read)
