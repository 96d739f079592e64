"""What people do all day, while the processes that serve them die."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from random import Random
from threading import Event
from typing import Any

import msgspec
from attrs import define, field

from application.ports.test_mode import FaultKind
from entrypoints.demo_people import ADMIN
from entrypoints.demo_people import PASSWORD as DEMO_PASSWORD
from tests.killing.asking import (
    HURRIED_PATIENCE_SECONDS,
    Asked,
    Journal,
    Json,
    Line,
    Person,
    Told,
)
from tests.killing.promises import is_kept

CARDS = (
    *("pm_card_visa",) * 6,
    *("pm_card_mastercard", "pm_card_amex"),
    *("pm_card_chargeCustomerFail", "pm_card_authenticationRequired"),
)
IN_BROWSER = (*("pm_card_visa",) * 6, "pm_card_chargeDeclined", "pm_usBankAccount_success")
STRUCK = (
    *("create_payment", "confirm_payment", "cancel_payment", "find_payment", "payment"),
    *("create_refund", "find_refund", "create_transfer", "find_transfer", "create_customer"),
    *("attach_card", "confirm_in_browser"),
)
FAULTS = (
    *(FaultKind.LOST_REQUEST, FaultKind.LOST_ANSWER, FaultKind.ERROR_NOW, FaultKind.ERROR_LATER),
    *(FaultKind.ERROR_NEVER, FaultKind.RATE_LIMITED, FaultKind.LOCKED, FaultKind.SLOW),
)
FAULTS_OF_REFUNDS = (FaultKind.REFUND_PENDS, FaultKind.REFUND_FAILS)


@define
class Household:
    """A student, a teacher, and what they know of their lessons."""

    name: str
    line: Line
    journal: Journal
    random: Random
    student: Person
    teacher: Person
    admin: Person
    gig: str = ""
    keeps_time: bool = False
    """Whether they move the clock, as one household does for all."""
    booked: list[str] = field(factory=list)
    paid: list[tuple[str, str]] = field(factory=list)
    """Bookings with their payments."""
    numbers: Iterator[int] = field(factory=count)

    @classmethod
    def settled(cls, name: str, line: Line, random: Random) -> "Household":
        """Let a household move in; the servers must be well meanwhile."""
        student, teacher = Person(f"student-{name}@k.test"), Person(f"teacher-{name}@k.test")
        admin = Person(ADMIN, DEMO_PASSWORD)
        home = cls(
            name=name,
            line=line,
            journal=line.journal,
            random=random,
            student=student,
            teacher=teacher,
            admin=admin,
        )
        home.register(student, "student")
        home.register(teacher, "teacher")
        assert line.log_in(admin)
        home.gig = (home.post(teacher, "/gigs", _GIG) or {})["id"]
        assert home.post(teacher, "/teacher-account/onboarding-link", {})
        assert home.unkeyed(f"/test/accounts/{teacher.id}/enable", {})
        return home

    def live(self, has_ended: Event) -> Journal:
        """Do one thing after the other until the end; return what was heard."""
        deeds: list[tuple[Callable[[], object], int]] = [
            (self.book, 6),
            (self.pay_from_server, 6),
            (self.pay_in_browser, 6),
            (self.book_and_pay, 6),
            (self.cancel, 4),
            (self.refund, 6),
            (self.complete, 4),
            (self.pay_out, 2),
            (self.add_card, 2),
            (self.repeat, 4),
            (self.ask_again, 1),
            (self.look, 4),
            (self.strike, 4),
            (self.move_in, 1),
            (self.pass_time, 3 if self.keeps_time else 0),
        ]
        choices, weights = zip(*deeds, strict=True)
        self.line.hurry()
        while not has_ended.is_set():
            (deed,) = self.random.choices(choices, weights)
            deed()
        self.line.be_patient()
        return self.journal

    # --- Deeds -----------------------------------------------------------------------------------

    def book(self) -> str | None:
        """Book a lesson."""
        lesson = self._some_time()
        booking = lesson and self.post(self.student, "/bookings", lesson)
        if not booking:
            return None
        self.booked.append(booking["id"])
        return str(booking["id"])

    def pay_from_server(self) -> None:
        """Pay for a lesson with a card, and with another one when that is declined."""
        booking = self._pop(self.booked) or self.book()
        if booking is None:
            return
        for token in (self.random.choice(CARDS), "pm_card_visa"):
            body = {"booking_id": booking, "payment_method_id": token}
            payment = self.post(self.student, "/payments/process-payment", body)
            if payment is not None:
                self._paid(payment)
                return

    def book_and_pay(self) -> None:
        """Book and pay in one request."""
        lesson = self._some_time()
        if lesson is not None:
            lesson["payment_method_id"] = self.random.choice(CARDS)
            payment = self.post(self.student, "/payments/process-payment", lesson)
            if payment is not None:
                self._paid(payment)

    def pay_in_browser(self) -> None:
        """Pay for a lesson as Stripe.js does it."""
        booking = self._pop(self.booked) or self.book()
        path = "/payments/create-payment-intent"
        intent = booking and self.post(self.student, path, {"booking_id": booking})
        if not intent or "payment_intent_id" not in intent:
            return
        path = f"/test/payment-intents/{intent['payment_intent_id']}/confirm"
        said = self.unkeyed(path, {"payment_method": self.random.choice(IN_BROWSER)})
        if said is not None and said.get("status") == "succeeded":
            self.journal.seen_paid.add(intent["payment_id"])
        if self.random.random() < 0.7:
            body = {"payment_id": intent["payment_id"]}
            payment = self.post(self.student, "/payments/confirm-payment", body)
            if payment is not None:
                self._paid(payment)

    def cancel(self) -> None:
        """Call a lesson off."""
        booking, _ = self._pop(self.paid) or (self._pop(self.booked), None)
        if booking is not None:
            who = self.random.choice((self.student, self.teacher))
            self.post(who, f"/bookings/{booking}/cancel", {"reason": "A cold."})

    def refund(self) -> None:
        """Give some of the money back."""
        if self.paid:
            _, payment = self.random.choice(self.paid)
            who = self.random.choice((self.teacher, self.admin))
            body = {"amount": f"{self.random.randint(1, 25)}.00", "reason": "I came late."}
            self.post(who, f"/payments/{payment}/refund", body)

    def complete(self) -> None:
        """Say that a lesson took place."""
        if self.paid:
            booking, _ = self.random.choice(self.paid)
            self.post(self.teacher, f"/bookings/{booking}/complete", {})

    def pay_out(self) -> None:
        """Ask for what was earned."""
        self.post(self.teacher, "/payouts", {})

    def add_card(self) -> None:
        """Put a card on file."""
        token = self.random.choice(("pm_card_visa", "pm_card_mastercard", "pm_card_discover"))
        self.post(self.student, "/payment-methods", {"payment_method_id": token})

    def repeat(self) -> None:
        """Send what was answered once more: the answer must be the same."""
        if self.journal.told:
            told = self.random.choice(self.journal.told[-30:])
            again = self.line.ask(told.asked)
            assert again in (None, told), (told, again)

    def ask_again(self) -> None:
        """Send what was not answered once more."""
        asked = self._pop(self.journal.unanswered)
        if asked is not None:
            self._ask(asked)

    def look(self) -> None:
        """Look whether what was told is true."""
        if self.journal.told:
            told = self.random.choice(self.journal.told[-50:])
            assert is_kept(told, self._read_as(told)), told

    def strike(self) -> None:
        """Let the gateway go wrong."""
        method, kind = self.random.choice(STRUCK), self.random.choice(FAULTS)
        if method == "create_refund" and self.random.random() < 0.5:
            kind = self.random.choice(FAULTS_OF_REFUNDS)
        # Without a delay a refund would pend until somebody lets it arrive, which nobody does.
        delay = 1 if kind is FaultKind.SLOW else 3600
        self.unkeyed("/test/faults", {"method": method, "kind": kind, "delay_seconds": delay})

    def move_in(self) -> None:
        """Let a new student come in the place of the old one."""
        newcomer = Person(f"student-{self.name}-{next(self.numbers)}@k.test")
        if self.register(newcomer, "student"):
            self.student, self.booked = newcomer, []

    def pass_time(self) -> None:
        """Let business time go on."""
        hours = self.random.choice((1, 12, 60))
        self.unkeyed(
            "/test/clock", {"advance_seconds": hours * 3600}, seconds=HURRIED_PATIENCE_SECONDS
        )

    # --- How -------------------------------------------------------------------------------------

    def register(self, person: Person, role: str) -> bool:
        """Register somebody, who may be there already when the answer was lost."""
        body = {"email": person.email, "password": person.password, "name": "K", "role": role}
        self.line.send("POST", "/auth/register", msgspec.json.encode(body))
        return self.line.log_in(person)

    def post(self, person: Person, path: str, body: Json) -> Json | None:
        """Ask for something with a new key; return the answer of a success."""
        key = f"{self.name}-{next(self.numbers)}"
        return self._ask(Asked(person=person, path=path, body=msgspec.json.encode(body), key=key))

    def _ask(self, asked: Asked) -> Json | None:
        told = self.line.ask(asked)
        if told is None:
            self.journal.unanswered.append(asked)
            return None
        self.journal.told.append(told)
        return told.answer if told.is_success else None

    def unkeyed(self, path: str, body: Json, seconds: float | None = None) -> Json | None:
        """Let something happen outside."""
        response = self.line.send("POST", path, msgspec.json.encode(body), seconds=seconds)
        if response is None or not response.is_success:
            return None
        answer: Json = response.json()
        return answer

    def _read_as(self, told: Told) -> Callable[[str], Json]:
        person = told.asked.person

        def read(path: str) -> Json:
            while (found := self.line.read(path, person)) is None:
                pass
            return found

        return read

    def _paid(self, payment: Json) -> None:
        if payment["status"] == "requires_action":
            intent = payment["stripe_payment_intent_id"]
            self.unkeyed(f"/test/payment-intents/{intent}/authenticate", {"outcome": "succeed"})
        self.paid.append((payment["booking_id"], payment["id"]))

    def _some_time(self) -> Json | None:
        read = self.line.send("GET", "/test/clock")
        if read is None:
            return None
        now = datetime.fromisoformat(read.json()["now"]).replace(minute=0, second=0, microsecond=0)
        starts_at = now + timedelta(minutes=15 * self.random.randint(100, 600))
        return {
            "gig_id": self.gig,
            "starts_at": starts_at.isoformat(),
            "duration_minutes": 60,
        }

    def _pop(self, known: list[Any]) -> Any | None:
        return known.pop(self.random.randrange(len(known))) if known else None


_GIG: Json = {"title": "Cello", "hourly_rate": "40.00", "confirmation": "instant"}
