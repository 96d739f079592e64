"""What a group of actions meets on: the people, what they share, and how they reach it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from attrs import evolve, field, frozen

from application.commands import SYSTEM, Actor
from application.ports.records import Answer
from application.webhooks import ReceiveWebhook
from domain.ids import BookingId, GigId
from domain.payments import Payment
from entrypoints.http.controllers import cards, payments
from entrypoints.http.endpoints import Endpoint
from entrypoints.simulation.client import Asked, Body
from tests.interleavings.crossing import CrossingStage

LESSON_IN = timedelta(days=2)


@frozen(kw_only=True)
class Ground:
    """A place where actions meet. Ids are stable: every schedule begins with the same market."""

    stage: CrossingStage
    admin: Actor
    teacher: Actor
    student: Actor
    rival: Actor
    gig: GigId
    starts_at: datetime
    named: Mapping[str, str] = field(factory=dict)
    """Ids of what else is there, by what an opening calls it."""

    @property
    def booking(self) -> BookingId:
        """Return the student's booking."""
        return BookingId(self.named["booking"])

    @property
    def payment(self) -> Payment:
        """Return the newest payment for it."""
        return self.stage.payment_of(self.booking)

    @property
    def intent(self) -> str:
        """Return the gateway's id of that payment."""
        found = self.stage.intent_of(self.booking)
        assert found is not None
        return found

    # --- Reaching it ---------------------------------------------------------------------------

    def ask(
        self,
        actor: Actor,
        endpoint: Endpoint,
        body: Body | None = None,
        *,
        key: str | None = None,
        **path: str,
    ) -> Answer:
        """Send a request."""
        asked = Asked(actor=actor, endpoint=endpoint, body=body or {}, path=path, key=key)
        return self.stage.client.send(asked)

    def works(self, duty: str) -> None:
        """Do one of the worker's duties, as a worker would."""
        (task,) = (each for each in self.stage.installation.worker.tasks if each.name == duty)
        task.run()

    def hears(self, event: str) -> None:
        """Let the gateway deliver an event."""
        told = self.stage.world.deliveries.delivery_of(event)
        self.stage.do(ReceiveWebhook(body=told.body, signature=told.signature), SYSTEM)

    def end_turn(self) -> None:
        """Let others go on before the next thing is done."""
        self.stage.crossing.end_turn()

    # --- Looking -------------------------------------------------------------------------------

    def event(self, type: str) -> str:
        """Return the id of the last event of a type."""
        told = [each for each in self.stage.world.chronicle.events() if each.type == type]
        return told[-1].id

    def everything(self, kind: str) -> tuple[Any, ...]:
        """Return all there is of a kind, such as `bookings`."""
        return self.stage.storage.read(lambda views: tuple(getattr(views.everything, kind)()))


def open_ground(stage: CrossingStage, **gig: Any) -> Ground:
    """Bring the people together: an admin, a teacher with a gig at 100.00, and two students."""
    admin, teacher = stage.admin(), stage.teacher()
    return Ground(
        stage=stage,
        admin=admin,
        teacher=teacher,
        student=stage.student(),
        rival=stage.student("sue"),
        gig=stage.gig(teacher, hourly_rate="100.00", **gig),
        starts_at=stage.clock.now() + LESSON_IN,
    )


def with_booking(ground: Ground) -> Ground:
    """Let the student book."""
    booking = ground.stage.book(ground.student, ground.gig, starts_at=ground.starts_at)
    return with_names(ground, booking=booking)


def with_names(ground: Ground, **names: str) -> Ground:
    """Return the ground with more ids by name."""
    return evolve(ground, named={**ground.named, **names})


def with_intent(ground: Ground) -> Ground:
    """Let the student begin to pay in the browser."""
    body = {"booking_id": ground.booking}
    ground.ask(ground.student, payments.create_payment_intent, body)
    return with_payment(ground)


def with_payment(ground: Ground) -> Ground:
    """Name the payment, and the gateway's, of the booking."""
    return with_names(ground, payment=ground.payment.id, intent=ground.intent)


def paid(ground: Ground) -> Ground:
    """Let the student book and pay."""
    booked = with_booking(ground)
    ground.stage.pay(ground.student, booked.booking)
    return with_payment(booked)


def answered_by(answer: Answer) -> Any:
    """Return an answer, read as JSON. It must be no refusal."""
    assert answer.status < 400, answer
    return msgspec.json.decode(answer.body)


def add_card(ground: Ground, token: str = "pm_card_visa") -> str:
    """Put a card of the student's on file; return its id."""
    answer = ground.ask(ground.student, cards.add_card, {"payment_method_id": token})
    ground.stage.settle()
    found: str = answered_by(answer)["id"]
    return found
