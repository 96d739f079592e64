"""What only happens where several units write at the same time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Any, TypeVar

import psycopg
import pytest

from application.ports.storage import Storage, Unit
from application.sealing import GENESIS, seal
from domain.ids import UserId
from tests.adapters.sql.waiting import until
from tests.builders import (
    NOW,
    TEACHER,
    USD,
    a_booking,
    a_payment,
    a_session,
    after,
    an_entry,
    an_operation,
    dollars,
)
from tests.contract.storage.keeping import keep, save
from tests.contract.storage.school import GIG, PEOPLE
from tests.contract.storage.sql_harness import postgresql_storage

pytestmark = pytest.mark.postgres

R = TypeVar("R")


@pytest.fixture
def school(postgresql_dsn: str) -> Iterator[Storage]:
    """Lend a storage with people and a gig."""
    with postgresql_storage(postgresql_dsn) as storage:
        keep(storage, *PEOPLE, GIG)
        yield storage


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    """Lend threads whose units run beside the test's own."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


def _wait_for_a_waiter(dsn: str) -> None:
    """Wait until some unit waits for a lock that another holds."""
    with psycopg.connect(dsn, autocommit=True) as connection:

        def someone_waits() -> bool:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            return row is not None and row[0] > 0

        until(someone_waits)


def _beside(
    storage: Storage,
    threads: ThreadPoolExecutor,
    first: Callable[[Unit], object],
    second: Callable[[Unit], R],
    meanwhile: Callable[["Future[Any]"], object],
) -> R:
    """Run `second` while the unit of `first` is open; leave that when `meanwhile` returns."""

    def decide(unit: Unit) -> "Future[R]":
        first(unit)
        running = threads.submit(storage.work, second)
        meanwhile(running)
        return running

    return storage.work(decide).result()


def test_the_first_balance_of_a_teacher_is_locked_before_it_exists(
    school: Storage, elsewhere: ThreadPoolExecutor, postgresql_dsn: str
) -> None:
    def pay(unit: Unit) -> None:
        balance, _ = unit.balances.get(TEACHER, USD).credit(dollars(1))
        unit.balances.save(balance)

    seen = _beside(
        school,
        elsewhere,
        pay,
        lambda unit: unit.balances.get(TEACHER, USD).payable,
        lambda _: _wait_for_a_waiter(postgresql_dsn),
    )
    assert seen == dollars(1)


def test_a_setting_is_locked_before_it_exists(
    school: Storage, elsewhere: ThreadPoolExecutor, postgresql_dsn: str
) -> None:
    def make(unit: Unit) -> None:
        if unit.settings.get("secret") is None:
            unit.settings.put("secret", "the first")

    seen = _beside(
        school,
        elsewhere,
        make,
        lambda unit: unit.settings.get("secret"),
        lambda _: _wait_for_a_waiter(postgresql_dsn),
    )
    assert seen == "the first"


def test_a_value_that_another_unit_has_locked_is_read_after_its_change(
    school: Storage, elsewhere: ThreadPoolExecutor, postgresql_dsn: str
) -> None:
    def rename(unit: Unit) -> None:
        unit.users.save(unit.users.get(TEACHER).renamed("Changed"))

    seen = _beside(
        school,
        elsewhere,
        rename,
        lambda unit: unit.users.get(TEACHER).name,
        lambda _: _wait_for_a_waiter(postgresql_dsn),
    )
    assert seen == "Changed"


def test_what_points_at_somebody_is_saved_while_their_calendar_is_locked(
    school: Storage, elsewhere: ThreadPoolExecutor
) -> None:
    saved = _beside(
        school,
        elsewhere,
        lambda unit: unit.users.lock_calendars([TEACHER]),
        lambda unit: unit.sessions.save(a_session(user_id=TEACHER)),
        lambda running: running.result(timeout=5),
    )
    assert saved.version == 1


def test_a_worker_claims_what_another_has_not(
    school: Storage, elsewhere: ThreadPoolExecutor
) -> None:
    keep(school, *(an_operation(f"op_{number}", lease_until=NOW) for number in range(4)))
    theirs: list[str] = []

    def claim_two(unit: Unit) -> None:
        theirs.extend(each.id for each in unit.operations.claim_due(NOW, after(minutes=1), 2))

    ours = _beside(
        school,
        elsewhere,
        claim_two,
        lambda unit: unit.operations.claim_due(NOW, after(minutes=1), 10),
        lambda running: running.result(timeout=5),
    )
    assert (theirs, [each.id for each in ours]) == (["op_0", "op_1"], ["op_2", "op_3"])


def test_a_worker_hands_over_messages_that_another_does_not(
    school: Storage, elsewhere: ThreadPoolExecutor
) -> None:
    booking = a_booking().cancel(by="student", reason="ill", at=NOW)  # type: ignore[arg-type]
    keep(school, booking)
    ours = _beside(
        school,
        elsewhere,
        lambda unit: unit.outbox.waiting(10),
        lambda unit: unit.outbox.waiting(10),
        lambda running: running.result(timeout=5),
    )
    assert ours == ()


def test_an_entry_that_is_committed_late_is_chained_behind_those_before_it(
    school: Storage, elsewhere: ThreadPoolExecutor
) -> None:
    early, late = an_entry("bank_payout:early"), an_entry("bank_payout:late")

    def seal_what_is_committed(running: "Future[Any]") -> None:
        running.result(timeout=5)
        sealed = elsewhere.submit(school.work, lambda unit: unit.ledger.seal(10))
        assert sealed.result(timeout=5) == 1

    _beside(
        school,
        elsewhere,
        lambda unit: unit.ledger.post(late),
        lambda unit: unit.ledger.post(early),
        seal_what_is_committed,
    )
    school.work(lambda unit: unit.ledger.seal(10))
    chain = school.read(lambda views: list(views.books.entries()))
    first = seal(GENESIS, early)
    assert [(each.entry.key, each.position, each.seal) for each in chain] == [
        (early.key, 1, first),
        (late.key, 2, seal(first, late)),
    ]


@pytest.mark.slow
def test_units_that_lock_in_the_fixed_order_never_deadlock(
    school: Storage, elsewhere: ThreadPoolExecutor
) -> None:
    bookings = [a_booking(f"bk_{number}") for number in range(3)]
    payments = [a_payment(f"pay_{number}", booking_id=f"bk_{number}") for number in range(3)]
    school.work(lambda unit: [save(unit, value) for value in (*bookings, *payments)])
    people = [person.id for person in PEOPLE]
    runs = threading.Semaphore(0)

    def contend(seed: int) -> None:
        random = Random(seed)

        def decide(unit: Unit) -> None:
            runs.release()
            unit.users.lock_calendars(random.sample(people, 3))
            chosen = bookings[random.randrange(3)].id
            unit.bookings.save(unit.bookings.get(chosen))
            for payment in unit.payments.of_booking(chosen):
                unit.payments.save(payment)
            unit.balances.save(unit.balances.get(UserId(TEACHER), USD))

        for _ in range(15):
            school.work(decide)

    list(elsewhere.map(contend, range(4)))
    # A deadlock would have made a unit begin anew.
    assert runs._value == 4 * 15
