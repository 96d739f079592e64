"""A market in a database that many share, and races in it: all begin at once, by a barrier."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

from attrs import define, evolve, field

from adapters.clock import ManualClock
from adapters.fake import open_store
from adapters.ids import UlidIds
from adapters.sql import sql_storage
from application.commands import Actor
from application.ports.gateway import GatewayRefused
from application.ports.records import Answer
from application.ports.test_mode import Delivery
from application.webhooks import ReceiveWebhook
from domain.cards import SavedCard
from domain.ids import BookingId
from domain.payments import Payment
from entrypoints.composition import Overrides
from entrypoints.http.controllers import cards, earnings, payments
from entrypoints.http.endpoints import Endpoint
from entrypoints.simulation.client import Asked, Body, client_of, code_of
from entrypoints.worker import Worker
from tests.builders import NOW
from tests.contract.storage.sql_harness import sqlite_storage
from tests.crash.whole import is_at_rest, must_be_whole
from tests.market import Market, the_id

START_WITHIN_SECONDS = 30
ROUNDS_OF_REST = 40


class RunningClock(ManualClock):
    """A clock that runs with real time from a fixed instant, and can be moved forward too."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self._started = time.monotonic()
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the instant, which goes on."""
        elapsed = timedelta(seconds=time.monotonic() - self._started)
        return super().now() + elapsed + self._ahead

    def sleep(self, seconds: float) -> None:
        """Wait indeed: another thread needs the time."""
        time.sleep(seconds)

    def move_to(self, at: datetime) -> datetime:
        """Move it forward to `at`, never back; return what it is now."""
        self._ahead += max(at - self.now(), timedelta(0))
        return self.now()

    def advance(self, by: timedelta) -> datetime:
        """Move it forward by so much; return what it is now."""
        self._ahead += by
        return self.now()


IN_CI = os.environ.get("CI") == "true"
ROUNDS = int(os.environ.get("TUITION_RACE_ROUNDS", "20" if IN_CI else "2"))
"""How often each race for money is run in a test."""

FEWER = int(os.environ.get("TUITION_RACE_ROUNDS", "4" if IN_CI else "2"))
"""How often each of the others is."""

BATCH = 20
"""How many rounds are prepared at a time: what follows from a payment costs less for many."""


def at_once(*runners: Callable[[], object]) -> list[object]:
    """Let each run in a thread of its own, all from the same moment; return what they returned."""
    barrier = Barrier(len(runners), timeout=START_WITHIN_SECONDS)

    def started(runner: Callable[[], object]) -> object:
        barrier.wait()
        return runner()

    with ThreadPoolExecutor(len(runners)) as threads:
        running = [threads.submit(started, runner) for runner in runners]
        return [each.result() for each in running]


@define
class Numbers:
    """Numbers that nobody had before, so that rounds do not meet."""

    _last: int = 0
    _lock: Lock = field(factory=Lock)

    def next(self) -> int:
        """Return the next one."""
        with self._lock:
            self._last += 1
            return self._last


class Arena(Market):
    """A market in a real database, with its payment world beside it."""

    def __init__(self, url: str) -> None:
        self.url = url
        wall = RunningClock(NOW)
        super().__init__(
            sql_storage(url, UlidIds(wall)),
            settings={"TUITION_RATE_LIMITS": "off"},
            world_store=open_store(url),
            wall=wall,
        )
        self.client = client_of(self.installation)
        self.numbers = Numbers()

    def overrides(self) -> Overrides:
        """Return what stands in for the world; ids differ from those of other processes."""
        return evolve(super().overrides(), ids=UlidIds(self.wall))

    def send(
        self,
        actor: Actor,
        endpoint: Endpoint,
        body: Body | None = None,
        key: str | None = None,
        **path: str,
    ) -> Answer:
        """Send a request."""
        return self.client.send(
            Asked(actor=actor, endpoint=endpoint, body=body or {}, path=path, key=key)
        )

    def asking(
        self,
        actor: Actor,
        endpoint: Endpoint,
        body: Body | None = None,
        key: str | None = None,
        **path: str,
    ) -> Callable[[], Answer]:
        """Return a runner that sends a request."""
        return lambda: self.send(actor, endpoint, body, key, **path)

    def delivering(self, delivery: Delivery) -> Callable[[], object]:
        """Return a runner that brings an event to the inbox."""
        command = ReceiveWebhook(body=delivery.body, signature=delivery.signature)
        return lambda: self.do(command)

    def working(self) -> Callable[[], object]:
        """Return a runner that is one more worker."""
        worker = self.installation.worker
        another = Worker(tasks=worker.tasks, wall=worker.wall, log=worker.log)
        return another.until_idle

    def new_student(self) -> Actor:
        """Register somebody new."""
        return self.student(f"student{self.numbers.next()}")

    def new_teacher(self) -> Actor:
        """Register somebody new."""
        return self.teacher(f"teacher{self.numbers.next()}")

    def new_booking(
        self, *, later: timedelta = timedelta(0), **gig: Any
    ) -> tuple[Actor, Actor, BookingId]:
        """Let a new student book a new teacher, who agrees at once, for the day after tomorrow."""
        teacher, student = self.new_teacher(), self.new_student()
        starts_at = self.clock.now() + timedelta(days=2) + later
        return teacher, student, self.book(student, self.gig(teacher, **gig), starts_at=starts_at)

    def lessons(
        self,
        rounds: int,
        *,
        apart: timedelta = timedelta(0),
        has_account: bool = False,
        **gig: Any,
    ) -> Iterator[tuple[Actor, Actor, BookingId]]:
        """Yield a paid lesson for each round, so far apart that the clock may move in between.

        With `has_account` their teachers can receive transfers.
        """
        for count in _batches(rounds):
            made = [self.new_booking(later=apart * number, **gig) for number in range(count)]
            for teacher, student, booking in made:
                self.send(student, payments.create_payment_intent, {"booking_id": booking})
                self.paying_in_browser(booking)()
                if has_account:
                    self._open_account(teacher)
            self.settle()
            yield from made

    def bookings_with_cards(self, rounds: int) -> Iterator[tuple[Actor, BookingId]]:
        """Yield an unpaid booking for each round, whose student has a card on file."""
        for count in _batches(rounds):
            made = [self.new_booking()[1:] for _ in range(count)]
            for student, _ in made:
                self.send(student, cards.add_card, {"payment_method_id": "pm_card_visa"})
            self.settle()
            yield from made

    def students_with_cards(self, rounds: int, *tokens: str) -> Iterator[Actor]:
        """Yield a student for each round, who has these cards on file."""
        for count in _batches(rounds):
            made = [self.new_student() for _ in range(count)]
            for student in made:
                for token in tokens:
                    self.send(student, cards.add_card, {"payment_method_id": token})
            self.settle()
            yield from made

    def _open_account(self, teacher: Actor) -> None:
        self.send(teacher, earnings.create_onboarding_link, {"return_url": None})
        account = self.storage.read(lambda views: views.people.account(the_id(teacher)))
        assert account is not None
        assert account.gateway_id is not None
        self.world.controls.outside.enable_account(account.gateway_id)

    def payment_of(self, booking: BookingId) -> Payment:
        """Return a booking's newest payment."""
        found = self.storage.read(lambda views: views.due.payment_of_booking(booking))
        assert found is not None
        return found

    def cards_of(self, student: Actor) -> tuple[SavedCard, ...]:
        """Return a student's listed cards."""
        return self.storage.read(lambda views: views.people.cards(the_id(student)))

    def paying_in_browser(self, booking: BookingId) -> Callable[[], object]:
        """Return a runner that confirms a booking's payment in the browser."""
        intent = self.payment_of(booking).gateway_id
        assert intent is not None
        return lambda: self.world.controls.browser.confirm(intent, "pm_card_visa")

    def racing_in_browser(self, booking: BookingId) -> Callable[[], object]:
        """Return the same for a race, where the server may be faster: the page is told so then."""
        confirm = self.paying_in_browser(booking)

        def run() -> None:
            with suppress(GatewayRefused):
                confirm()

        return run

    def rest(self) -> None:
        """Let everything come to an end, and check that all is whole."""
        for _ in range(ROUNDS_OF_REST):
            self.settle()
            if is_at_rest(self):
                break
            self.wall.advance(timedelta(seconds=100))
        must_be_whole(self)


def _batches(rounds: int) -> Iterator[int]:
    for first in range(0, rounds, BATCH):
        yield min(BATCH, rounds - first)


def new_file(directory: Path) -> str:
    """Make an empty SQLite database and return its URL."""
    path = directory / "arena.db"
    with sqlite_storage(path):
        return f"sqlite:///{path}"


def answers_in(results: Sequence[object]) -> list[Answer]:
    """Return the answers among what ran at once."""
    return [each for each in results if isinstance(each, Answer)]


def outcomes(results: Sequence[object]) -> Counter[str]:
    """Count answers by the code of their refusal; successes count as `ok`."""
    return Counter(code_of(answer) or "ok" for answer in answers_in(results))
