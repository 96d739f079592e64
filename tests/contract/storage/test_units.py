"""Units of work: what is in one, when it is seen, and what undoes it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from attrs import evolve

from application.ports.open_units import refuse_inside_a_unit
from application.ports.records import OutboxMessage
from application.ports.storage import Storage, Unit, Views
from domain.bookings import Booking, BookingStatus, SlotTaken, must_be_free
from domain.errors import BrokenInvariant, StaleWrite
from domain.events import BookingConfirmed, BookingRequested
from domain.ids import BookingId
from domain.people import User
from tests.builders import (
    LESSON_AT,
    NOW,
    STUDENT,
    TEACHER,
    USD,
    a_balance,
    a_booking,
    a_delivery,
    a_student,
    after,
    an_entry,
    an_operation,
)
from tests.contract.storage.keeping import keep, keep_one

REQUESTED = BookingRequested(booking="bk_1", at=NOW)
CONFIRMED = BookingConfirmed(booking="bk_1", at=NOW)


def waiting(storage: Storage) -> tuple[OutboxMessage, ...]:
    return storage.work(lambda unit: unit.outbox.waiting(100))


def name_of(user: User | None) -> str | None:
    return None if user is None else user.name


# --- Committing and rolling back ---


def test_a_unit_returns_what_was_decided(storage: Storage) -> None:
    assert storage.work(lambda _: "decided") == "decided"


def test_a_read_returns_what_the_query_returns(storage: Storage) -> None:
    assert storage.read(lambda _: "read") == "read"


def test_a_storage_that_is_there_answers_a_ping(storage: Storage) -> None:
    storage.ping()


def test_a_unit_that_raises_lets_the_error_through(storage: Storage) -> None:
    def decide(_: Unit) -> None:
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError, match="on purpose"):
        storage.work(decide)


def test_a_unit_that_raises_undoes_everything_in_it(storage: Storage) -> None:
    def decide(unit: Unit) -> None:
        unit.users.save(a_student())
        unit.settings.put("name", "value")
        unit.ledger.post(an_entry("bank_payout:po_1"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        storage.work(decide)

    def look(unit: Unit) -> tuple[object, ...]:
        return (
            unit.users.find(STUDENT),
            unit.users.by_email("student@example.com"),
            unit.settings.get("name"),
            unit.ledger.balance("cash:bank", USD),
            unit.views.books.entry("bank_payout:po_1"),
        )

    assert storage.work(look) == (None, None, None, 0, None)


def test_a_read_sees_what_was_committed(storage: Storage) -> None:
    saved = keep_one(storage, a_student())
    assert storage.read(lambda views: views.users.find(STUDENT)) == saved


def test_a_read_during_a_unit_sees_nothing_of_it_until_it_is_committed(storage: Storage) -> None:
    keep(storage, a_student(name="Before"))

    def look(views: Views) -> str | None:
        return name_of(views.users.find(STUDENT))

    def decide(unit: Unit) -> str | None:
        unit.users.save(unit.users.get(STUDENT).renamed("After"))
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(storage.read, look).result()

    assert storage.work(decide) == "Before"
    assert storage.read(look) == "After"


def test_a_units_own_views_see_what_it_has_saved(storage: Storage) -> None:
    def decide(unit: Unit) -> str | None:
        unit.users.save(a_student(name="Mine"))
        return name_of(unit.views.users.find(STUDENT))

    assert storage.work(decide) == "Mine"


# --- Events ---


def test_events_reach_the_outbox_with_the_value(school: Storage) -> None:
    keep(school, a_booking("bk_1", events=(REQUESTED, CONFIRMED)))
    assert [message.event for message in waiting(school)] == [REQUESTED, CONFIRMED]


def test_events_of_a_change_follow_those_of_what_came_before(school: Storage) -> None:
    saved = keep_one(school, a_booking("bk_1", events=(REQUESTED,)))
    keep(school, evolve(saved, events=(CONFIRMED,)))
    assert [message.event for message in waiting(school)] == [REQUESTED, CONFIRMED]


def test_a_saved_value_that_is_saved_again_brings_no_event_twice(school: Storage) -> None:
    saved = keep_one(school, a_booking("bk_1", events=(REQUESTED,)))
    keep(school, saved)
    assert [message.event for message in waiting(school)] == [REQUESTED]


def test_messages_have_ids_of_their_own(school: Storage) -> None:
    keep(school, a_booking("bk_1", events=(REQUESTED, CONFIRMED)))
    first, second = waiting(school)
    assert first.id.startswith("msg_")
    assert first.id != second.id


def test_events_of_a_unit_that_fails_never_reach_the_outbox(school: Storage) -> None:
    def decide(unit: Unit) -> None:
        unit.bookings.save(a_booking("bk_1", events=(REQUESTED,)))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        school.work(decide)
    assert waiting(school) == ()


def test_events_of_a_stale_write_never_reach_the_outbox(school: Storage) -> None:
    keep(school, a_booking("bk_1"))
    with pytest.raises(StaleWrite):
        keep(school, a_booking("bk_1", events=(REQUESTED,)))
    assert waiting(school) == ()


# --- Deciding again ---


def test_a_stale_write_is_decided_again_on_what_is_there_now(storage: Storage) -> None:
    stale = keep_one(storage, a_student(name="First"))
    keep(storage, stale.renamed("Second"))
    tries: list[str] = []

    def decide(unit: Unit) -> User:
        read = unit.users.get(STUDENT) if tries else stale
        tries.append(read.name)
        return unit.users.save(read.renamed(f"{read.name} again"))

    assert storage.work(decide).name == "Second again"
    assert tries == ["First", "Second"]


def test_what_a_stale_try_has_written_is_undone_before_the_next(storage: Storage) -> None:
    stale = keep_one(storage, a_student())
    keep(storage, stale.renamed("Changed"))
    tries: list[bool] = []

    def decide(unit: Unit) -> bool:
        seen = unit.settings.get("tried") is not None
        unit.settings.put("tried", "yes")
        tries.append(seen)
        if len(tries) == 1:
            unit.users.save(stale)
        return seen

    assert storage.work(decide) is False
    assert tries == [False, False]


def test_a_decision_that_stays_stale_is_given_up(storage: Storage) -> None:
    stale = keep_one(storage, a_student())
    keep(storage, stale.renamed("Changed"))
    tries: list[int] = []

    def decide(unit: Unit) -> None:
        tries.append(1)
        unit.users.save(stale)

    with pytest.raises(StaleWrite):
        storage.work(decide)
    assert 1 < len(tries) < 100


def test_any_other_error_is_not_decided_again(storage: Storage) -> None:
    tries: list[int] = []

    def decide(_: Unit) -> None:
        tries.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        storage.work(decide)
    assert tries == [1]


# --- No unit in a unit, no gateway in a unit ---


def test_a_unit_inside_a_unit_is_refused(storage: Storage) -> None:
    def decide(_: Unit) -> None:
        storage.work(lambda _: None)

    with pytest.raises(BrokenInvariant):
        storage.work(decide)


def test_after_a_refused_unit_the_next_one_works(storage: Storage) -> None:
    with pytest.raises(BrokenInvariant):
        storage.work(lambda _: storage.work(lambda _: None))
    assert storage.work(lambda _: "works") == "works"


def test_a_gateway_is_refused_inside_a_unit(storage: Storage) -> None:
    with pytest.raises(BrokenInvariant):
        storage.work(lambda _: refuse_inside_a_unit())


def test_a_gateway_may_be_called_after_a_unit(storage: Storage) -> None:
    storage.work(lambda _: None)
    refuse_inside_a_unit()


def test_a_gateway_may_be_called_after_a_unit_that_failed(storage: Storage) -> None:
    with pytest.raises(ZeroDivisionError):
        storage.work(lambda _: 1 // 0)
    refuse_inside_a_unit()


def test_another_thread_may_call_the_gateway_while_this_one_decides(storage: Storage) -> None:
    def decide(_: Unit) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(refuse_inside_a_unit).result()

    storage.work(decide)


# --- Threads ---


def test_no_addition_to_a_balance_is_lost_between_threads(school: Storage) -> None:
    keep(school, a_balance(TEACHER))

    def add_one(_: int) -> None:
        def decide(unit: Unit) -> None:
            balance = unit.balances.get(TEACHER, USD)
            credited, _ = balance.credit(a_balance(payable=1).payable)
            unit.balances.save(credited)

        school.work(decide)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_one, range(40)))
    balances = school.read(lambda views: views.people.balances(TEACHER))
    assert [balance.payable.minor for balance in balances] == [40]


def test_of_threads_that_want_one_slot_only_one_gets_it(school: Storage) -> None:
    barrier = Barrier(4)

    def book(number: int) -> bool:
        wanted = a_booking(f"bk_{number}", starts_at=LESSON_AT)

        def decide(unit: Unit) -> Booking:
            unit.users.lock_calendars(wanted.people)
            others = unit.bookings.overlapping(wanted.people, wanted.period)
            must_be_free(wanted, 1, others)
            return unit.bookings.save(wanted)

        barrier.wait()
        try:
            school.work(decide)
        except SlotTaken:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(book, range(4))) == 1


def test_threads_that_lock_calendars_in_opposite_order_do_not_deadlock(school: Storage) -> None:
    def book(number: int) -> BookingId:
        people = (STUDENT, TEACHER) if number % 2 else (TEACHER, STUDENT)

        def decide(unit: Unit) -> Booking:
            unit.users.lock_calendars(people)
            return unit.bookings.save(a_booking(f"bk_{number}", BookingStatus.CANCELLED))

        return school.work(decide).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(book, range(20)))) == 20


def test_no_two_threads_claim_the_same_operation(storage: Storage) -> None:
    keep(storage, *(an_operation(f"op_{n:02}", lease_until=NOW) for n in range(20)))
    barrier = Barrier(4)

    def claim(_: int) -> list[str]:
        barrier.wait()
        return [
            operation.id
            for _ in range(4)
            for operation in storage.work(
                lambda unit: unit.operations.claim_due(NOW, after(minutes=5), 3)
            )
        ]

    with ThreadPoolExecutor(4) as pool:
        claimed = [each for claims in pool.map(claim, range(4)) for each in claims]
    assert len(claimed) == len(set(claimed))


def test_no_two_threads_book_the_same_fact(storage: Storage) -> None:
    barrier = Barrier(4)

    def post(_: int) -> bool:
        barrier.wait()
        return storage.work(lambda unit: unit.ledger.post(an_entry("bank_payout:po_1", 500)))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(post, range(4))) == 1
    assert storage.work(lambda unit: unit.ledger.balance("cash:bank", USD)) == 500


def test_no_two_threads_receive_the_same_delivery(storage: Storage) -> None:
    barrier = Barrier(4)

    def receive(_: int) -> bool:
        barrier.wait()
        return storage.work(lambda unit: unit.inbox.receive(a_delivery("evt_1")))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(receive, range(4))) == 1
