"""Mistakes with idempotency keys: another answer, another effect, another person's."""

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from application import answers, gigs
from application.answers import Slot, answered
from application.bookings import ending
from application.bookings.ending import CompleteBooking, CompleteBookingHandler
from application.commands import Actor
from application.gigs import PublishGigHandler
from application.idempotency import Idempotency
from application.ports.records import IdempotencyRecord
from application.ports.storage import Unit
from tests.http import test_idempotency, test_slow_twins
from tests.planted.catalogue import planted
from tests.planted.layers import CrashPoints, One, a_shop
from tests.planted.planting import Mistake, does_nothing, instead


@planted(
    stands_for="I14; crash between an effect and its answer",
    caught_by=CrashPoints("completing_a_lesson"),
    says="killed after committing .*bookings.* in CompleteBooking",
)
def the_answer_is_stored_after_the_effect() -> Iterator[None]:
    def afterwards(
        right: Mistake, self: CompleteBookingHandler, command: CompleteBooking, actor: Actor
    ) -> Any:
        booking = right(self, command, actor)
        return self.work(lambda unit: answered(unit, booking))

    with (
        instead(CompleteBookingHandler, "__call__", afterwards),
        instead(ending, "answered", lambda _, __, result: result),
    ):
        yield


@planted(
    stands_for="I14; one key, two gigs",
    caught_by=CrashPoints("publishing_and_changing_a_gig"),
    says="made .*'gigs': 2",
)
def the_answer_of_what_is_published_is_stored_after_it() -> Iterator[None]:
    def afterwards(right: Mistake, self: PublishGigHandler, *asked: Any) -> Any:
        gig = right(self, *asked)
        return self.work(lambda unit: answered(unit, gig))

    with (
        instead(PublishGigHandler, "__call__", afterwards),
        instead(gigs, "answered", lambda _, __, result: result),
    ):
        yield


@planted(
    stands_for="I14; a retry with another body",
    caught_by=CrashPoints("publishing_and_changing_a_gig"),
    says="422",
)
def a_key_is_good_for_any_body() -> Iterator[None]:
    def whatever_it_says(
        right: Mistake, self: Idempotency, scope: str, key: str, body_sha256: str
    ) -> Any:
        known = self.work(lambda unit: unit.idempotency.find(scope, key))
        return right(self, scope, key, known.body_sha256 if known else body_sha256)

    with instead(Idempotency, "begin", whatever_it_says):
        yield


@planted(
    stands_for="I14; same key and body, same bytes",
    caught_by=CrashPoints("publishing_and_changing_a_gig"),
    says="/api/v1/gigs",
)
def an_answer_that_is_told_again_is_rendered_anew() -> Iterator[None]:
    def with_a_space(right: Mistake, *asked: Any) -> IdempotencyRecord:
        known: IdempotencyRecord = right(*asked)
        if known.answer is None:
            return known
        return evolve(known, answer=evolve(known.answer, body=known.answer.body + b" "))

    with instead(Idempotency, "begin", with_a_space):
        yield


@planted(
    stands_for="I14; a request that outlives the lease of its key answers for its twin",
    caught_by=One(
        test_slow_twins.test_a_charge_is_booked_once_and_told_alike_wherever_its_request_slept
    ),
    says="AssertionError",
)
def a_key_that_a_twin_has_taken_over_is_still_used() -> Iterator[None]:
    def as_it_was(_: Mistake, __: Unit, ___: Slot, record: IdempotencyRecord) -> IdempotencyRecord:
        return record

    with instead(answers, "_current", as_it_was):
        yield


@planted(
    stands_for="I14; somebody else's answer under the same key",
    caught_by=One(test_idempotency.test_a_key_counts_for_one_person_and_one_path, a_shop),
    says="AssertionError",
)
def a_key_is_the_same_for_everybody() -> Iterator[None]:
    def for_all(right: Mistake, self: Idempotency, _: str, *asked: Any) -> Any:
        return right(self, "everybody", *asked)

    with instead(Idempotency, "begin", for_all):
        yield


@planted(
    stands_for="I14; what was refused by rule is carried out later under the same key",
    caught_by=One(test_idempotency.test_a_refusal_by_rule_is_remembered, a_shop),
    says="AssertionError",
)
def a_refusal_is_not_remembered() -> Iterator[None]:
    with instead(Idempotency, "refused", does_nothing):
        yield
