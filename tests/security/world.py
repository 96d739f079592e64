"""Two schools' worth of things, the people whom they belong to, and everybody who may come by.

`ours` and `theirs` have one of everything each, so that everything is one's own to some, another's
to others, and can be compared with what does not exist.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from attrs import frozen

from application.commands import Actor
from tests.http.shop import PASSWORD, Caller, Shop, shown
from tests.security.published import LATER, Operation, operations_of

ABSENT = "absent"


@frozen(kw_only=True)
class Side:
    """A student and their teacher, and the ids of what is theirs, by the names of parameters.

    `shown` are those of things that are there for them, and `hidden` what nobody else may see; they
    differ where there are things that everybody sees, as gigs.
    """

    student: Caller
    teacher: Caller
    shown: Mapping[str, str]
    hidden: Mapping[str, str]
    method: str
    """The gateway's id of a card of the student's."""
    email: str
    facts: Mapping[str, object]
    """What a body of theirs may say besides ids."""


class World:
    """An installation with both sides, and those who have nothing."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._lessons = 0
        stella = shop.caller(shop.market.student("stella"))
        theo = shop.caller(shop.market.teacher("theo"))
        mine = self._things(shop.student, shop.teacher)
        others = self._things(stella, theo)
        # What waits to be paid does not wait for long: it is booked when all else is there.
        self.ours = self._side("sam", shop.student, shop.teacher, mine)
        self.theirs = self._side("stella", stella, theo, others)
        self.newcomers = (
            shop.caller(shop.market.student("nora")),
            shop.caller(shop.market.teacher("ned")),
        )
        document: Mapping[str, Any] = shown(shop.anybody.get("//schema/openapi.json"))
        self.operations: tuple[Operation, ...] = operations_of(document)

    def expired(self, actor: Actor) -> Caller:
        """Return somebody whose token was good once."""
        token = self.shop.expired_token(actor)
        return Caller(self.shop.client, {"Authorization": f"Bearer {token}"}, actor)

    def payable(self, side: Side) -> str:
        """Let the student book another lesson, which waits to be paid."""
        self._lessons += 1
        return self._booking(side.student, side.shown["gig_id"], days=20 + self._lessons)

    def _things(self, student: Caller, teacher: Caller) -> dict[str, str]:
        """Let a lesson be given and paid out, and return the ids of all that comes of it."""
        shop = self.shop
        gig = self._gig(teacher)
        booking = self._booking(student, gig, days=2)
        payment = self._paid(student, booking)
        refund = {"amount": "1.00", "reason": "x"}
        refunded = shown(shop.admin.post(f"/payments/{payment['id']}/refund", refund), 201)
        card = {"payment_method_id": "pm_card_mastercard"}
        saved = shown(student.post("/payment-methods", card), 201)
        setup = shown(student.post("/payment-methods/setup-intent"), 201)
        account = self._account(teacher)
        shop.market.advance(days=2, hours=2)
        shown(teacher.post(f"/bookings/{booking}/complete"))
        shop.market.advance(days=3)
        owed = {"teacher_id": teacher.id, "currency": "usd", "method": "manual"}
        return {
            "booking_id": booking,
            "payment_id": payment["id"],
            "refund_id": refunded["refund_id"],
            "card_id": saved["id"],
            "gig_id": gig,
            "payout_id": shown(shop.admin.post("/payouts", owed), 201)["id"],
            "user_id": student.id,
            "student_id": student.id,
            "teacher_id": teacher.id,
            "actor_id": shop.admin.id,
            "payment_method_id": saved["id"],
            "account_id": account,
            "payment_intent_id": payment["stripe_payment_intent_id"],
            "setup_intent_id": setup["setup_intent_id"],
            "event_id": shown(shop.admin.get("/webhook-events"))["items"][0]["id"],
            "audit_id": shown(shop.admin.get("/audit-log"))["items"][0]["id"],
        }

    def _side(self, name: str, student: Caller, teacher: Caller, ids: dict[str, str]) -> Side:
        card = shown(student.get(f"/payment-methods/{ids['card_id']}"))
        return Side(
            student=student,
            teacher=teacher,
            shown=ids,
            hidden={**ids, "gig_id": self._gig(teacher, is_active=False)},
            method=card["stripe_payment_method_id"],
            email=f"{name}@school.test",
            facts={
                "booking_id": self._booking(student, ids["gig_id"], days=20),
                "payment_id": ids["payment_id"],
                "gig_id": ids["gig_id"],
                "teacher_id": teacher.id,
                "payment_method_id": "pm_card_visa",
                "starts_at": LATER,
                "duration_minutes": 60,
                "currency": "usd",
                "hourly_rate": "75.00",
                "email": f"{name}@school.test",
                "password": PASSWORD,
                "advance_seconds": 0,
                "method": "nothing",
            },
        )

    @staticmethod
    def _gig(teacher: Caller, **changes: object) -> str:
        wanted = {
            "title": "Spanish",
            "hourly_rate": "75.00",
            "currency": "usd",
            "confirmation": "instant",
            **changes,
        }
        return str(shown(teacher.post("/gigs", wanted), 201)["id"])

    def _booking(self, student: Caller, gig: str, *, days: int) -> str:
        starts_at = self.shop.market.clock.now() + timedelta(days=days)
        wanted = {"gig_id": gig, "starts_at": starts_at.isoformat(), "duration_minutes": 60}
        return str(shown(student.post("/bookings", wanted), 201)["id"])

    @staticmethod
    def _paid(student: Caller, booking: str) -> dict[str, Any]:
        wanted = {"booking_id": booking, "payment_method_id": "pm_card_visa"}
        return shown(student.post("/payments/process-payment", wanted), 201)

    @staticmethod
    def _account(teacher: Caller) -> str:
        shown(teacher.post("/teacher-account/onboarding-link"))
        return str(shown(teacher.get("/teacher-account"))["stripe_account_id"])


@frozen(kw_only=True)
class Kind:
    """One kind of caller: what they count as, whose things are their own, and who they are."""

    name: str
    counts_as: str | None
    caller: Callable[[World], Caller]
    is_of: Callable[[World], Side] = lambda world: world.ours
    refused_with: str | None = None
    """The code with which they are turned away wherever somebody must be known."""

    def others(self, world: World) -> Side:
        """Return the side that is not theirs."""
        return world.theirs if self.is_of(world) is world.ours else world.ours

    def may_call(self, operation: Operation) -> bool:
        """Tell whether the document admits them."""
        return self.counts_as in operation.access or not operation.access & ROLES


ROLES = frozenset({"student", "teacher", "admin"})

CALLERS: tuple[Kind, ...] = (
    Kind(
        name="anonymous",
        counts_as=None,
        caller=lambda world: world.shop.anybody,
        refused_with="not_authenticated",
    ),
    Kind(
        name="expired",
        counts_as=None,
        caller=lambda world: world.expired(world.shop.student.actor),
        refused_with="token_expired",
    ),
    Kind(name="student", counts_as="student", caller=lambda world: world.ours.student),
    Kind(name="teacher", counts_as="teacher", caller=lambda world: world.ours.teacher),
    Kind(
        name="other student",
        counts_as="student",
        caller=lambda world: world.theirs.student,
        is_of=lambda world: world.theirs,
    ),
    Kind(
        name="other teacher",
        counts_as="teacher",
        caller=lambda world: world.theirs.teacher,
        is_of=lambda world: world.theirs,
    ),
    Kind(name="admin", counts_as="admin", caller=lambda world: world.shop.admin),
)
"""Everybody. A new kind of caller is one more line here, and meets every operation."""


@frozen
class Told:
    """What somebody is told by an answer: everything but what only names this very request."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes


def told(response: Any) -> Told:
    """Return what an answer tells."""
    content: bytes = response.content
    if response.headers.get("content-type") == "application/problem+json":
        content = content.replace(response.json()["instance"].encode(), b"")
    own = {"x-request-id", "content-length"}
    headers = ((name, value) for name, value in response.headers.items() if name not in own)
    return Told(response.status_code, tuple(sorted(headers)), content)
