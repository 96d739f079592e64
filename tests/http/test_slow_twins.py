"""A request that sleeps past the lease of its key, and a twin that carries it out meanwhile.

Found by the simulator (seeds 6, 24, 32 and 42 of its first evening): the sleeper answered for
itself, with another answer than its twin, or broke off as a bug.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from attrs import define, evolve

from application.ports.records import Answer
from domain.bookings import BookingStatus
from entrypoints.composition import compose
from entrypoints.http.controllers import bookings, payments
from entrypoints.simulation.client import Asked, client_of, code_of
from entrypoints.simulation.ports import Change, watched_storage
from tests.market import Market

LEASE = timedelta(seconds=61)


@define
class Sleep:
    """A watcher that lets something else happen before one unit of work, by its number."""

    before: int = -1
    meanwhile: Callable[[], object] = lambda: None
    units: int = 0

    def before_unit(self) -> None:
        self.units += 1
        if self.units == self.before:
            self.meanwhile()

    def before_commit(self, changes: Sequence[Change]) -> None: ...

    def after_commit(self, changes: Sequence[Change]) -> None: ...

    def before_read(self) -> None: ...

    def before_call(self, method: str, *, has_effect: bool) -> None: ...

    def after_call(self, method: str, *, has_effect: bool) -> None: ...


class SleepyMarket(Market):
    """A market with one process that may fall asleep, and one that never does."""

    def __init__(self) -> None:
        super().__init__(settings={"TUITION_RATE_LIMITS": "off"})
        self.sleep = Sleep()
        self.awake = client_of(self.installation)
        sleepy = evolve(self.overrides(), storage=watched_storage(self.storage, self.sleep))
        self.sleepy = client_of(compose(self.settings, sleepy))

    def units_of(self, asked: Asked) -> int:
        """Return how many units of work a request takes."""
        before = self.sleep.units
        self.sleepy.send(asked)
        return self.sleep.units - before

    def overslept(self, asked: Asked, *, before: int) -> tuple[Answer, Answer]:
        """Let a request sleep before its unit `before`, while a twin is carried out.

        Return what the sleeper and its twin were told.
        """
        told: list[Answer] = []

        def meanwhile() -> None:
            self.sleep.before = -1
            self.wall.advance(LEASE)
            told.append(self.awake.send(asked))

        self.sleep.units, self.sleep.before, self.sleep.meanwhile = 0, before, meanwhile
        slept = self.sleepy.send(asked)
        assert told, "it has not as many units"
        return slept, told[0]


def booking_request(market: SleepyMarket, key: str = "k") -> Asked:
    student, teacher = market.student(f"sam{key}"), market.teacher(f"tina{key}")
    body = {
        "gig_id": market.gig(teacher),
        "starts_at": market.clock.now() + timedelta(days=2),
        "duration_minutes": 60,
    }
    return Asked(actor=student, endpoint=bookings.book, body=body, key=key)


def told_again(market: SleepyMarket, asked: Asked) -> Answer:
    """Ask until the key is free, as a client does."""
    for _ in range(5):
        answer = market.awake.send(asked)
        if code_of(answer) not in {"idempotency_key_in_use", "operation_under_way"}:
            return answer
        market.wall.advance(timedelta(seconds=100))
        market.settle()
    raise AssertionError("it is never answered")


def test_a_sleeper_gives_way_to_the_twin_that_took_its_key_over() -> None:
    units = SleepyMarket()
    for number in range(2, units.units_of(booking_request(units)) + 1):
        with SleepyMarket() as market:
            asked = booking_request(market)
            slept, twin = market.overslept(asked, before=number)
            assert twin.status == 201
            assert slept == twin or code_of(slept) == "idempotency_key_in_use"
            assert told_again(market, asked) == twin
            made = market.storage.read(lambda views: list(views.everything.bookings()))
            assert [each.status for each in made] == [BookingStatus.CONFIRMED]


def test_a_refusal_that_only_the_twin_caused_is_never_told() -> None:
    with SleepyMarket() as market:
        asked = booking_request(market)
        slept, twin = market.overslept(asked, before=2)
        assert twin.status == 201
        assert code_of(slept) != "slot_taken"


def test_a_charge_is_booked_once_and_told_alike_wherever_its_request_slept() -> None:
    units = SleepyMarket()
    for number in range(2, units.units_of(charge_request(units)) + 1):
        with SleepyMarket() as market:
            asked = charge_request(market)
            slept, twin = market.overslept(asked, before=number)
            last = told_again(market, asked)
            assert last.status in {200, 201}
            for answer in (slept, twin):
                told = code_of(answer)
                assert answer == last or told in {"idempotency_key_in_use", "operation_under_way"}
            market.settle()
            assert [each.amount for each in market.world.chronicle.payments()] == [75_00]
            assert market.installation.verification().run().findings == ()


def charge_request(market: SleepyMarket) -> Asked:
    student = market.student()
    booking = market.book(student, market.gig(market.teacher()))
    body = {"booking_id": booking, "payment_method_id": "pm_card_visa"}
    return Asked(actor=student, endpoint=payments.process_payment, body=body, key="k")
