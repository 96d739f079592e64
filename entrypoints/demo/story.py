"""The story: each step is told, done over HTTP, and shown in everybody's purse."""

from datetime import datetime, timedelta
from uuid import uuid4

from attrs import define

from entrypoints.demo.api import Api, Caller, Json
from entrypoints.demo.purses import Purses
from entrypoints.demo_people import ADMIN, PASSWORD
from entrypoints.terminal import BOLD, DIM, Terminal


def play(url: str, terminal: Terminal) -> None:
    """Play the main job against a development server. Raises what the API module raises."""
    with Api(url) as api:
        Story(api, terminal).tell()


@define
class Story:
    """Who takes part, and what is theirs."""

    api: Api
    terminal: Terminal
    _step: int = 0

    def tell(self) -> None:
        """Play everything in its order."""
        tag = uuid4().hex[:8]
        teacher = self._a_teacher(tag)
        gig = self._offer(teacher)
        student = self.api.join(f"sana-{tag}@tuition.test", PASSWORD, "Sana Student", "student")
        purses = Purses(student, teacher, self.terminal)
        first = self._book(student, teacher, gig, hours=48)
        self._declined(student, first)
        self._paid_in_browser(student, first)
        purses.show("paid")
        card = self._card(student)
        second = self._book(student, teacher, gig, hours=72)
        self._paid_with_card(student, second, card)
        third = self._book(student, teacher, gig, hours=18)
        self._paid_with_card(student, third, card)
        purses.show("3 lessons paid")
        self._cancelled_late(student, third)
        purses.show("1 cancelled")
        self._took_place(teacher, first, second)
        purses.show("2 completed")
        self._paid_out(teacher)
        purses.show("paid out")
        self._refunded(student, second)
        purses.show("refunded")
        purses.footnote()
        self._statement(teacher)

    # --- The steps -----------------------------------------------------------------------------

    def _a_teacher(self, tag: str) -> Caller:
        self._now("Theo registers as a teacher and connects an account for payouts")
        teacher = self.api.join(f"theo-{tag}@tuition.test", PASSWORD, "Theo Teacher", "teacher")
        link = teacher.post("/teacher-account/onboarding-link")
        self._told(f"onboarding at {link['url']}")
        account = teacher.get("/teacher-account")["stripe_account_id"]
        self.api.ask("POST", f"/test/accounts/{account}/enable", {})
        ready = teacher.wait_for("/teacher-account", lambda each: each["payouts_enabled"])
        self._told(f"the gateway's checks are passed: {ready['status']}")
        return teacher

    def _offer(self, teacher: Caller) -> str:
        self._now("Theo publishes a gig: piano at 80.00 an hour, which he confirms himself")
        gig = teacher.post(
            "/gigs",
            {
                "title": "Piano, an hour",
                "description": "Scales, and a tune by the end of the lesson.",
                "hourly_rate": "80.00",
                "currency": "usd",
                "confirmation": "teacher",
                "cancellation_policy": "moderate",
            },
        )
        self._told(f"{gig['id']}, {_policy(gig)}")
        return str(gig["id"])

    def _book(self, student: Caller, teacher: Caller, gig: str, *, hours: int) -> str:
        self._now(f"Sana books an hour that starts in {hours} hours, and Theo confirms")
        now = datetime.fromisoformat(self.api.ask("GET", "/test/clock")["now"])
        starts_at = (now + timedelta(hours=hours)).replace(microsecond=0)
        booking = student.post(
            "/bookings",
            {"gig_id": gig, "starts_at": _instant(starts_at), "duration_minutes": 60},
        )
        confirmed = teacher.post(f"/bookings/{booking['id']}/confirm")
        self._told(f"{confirmed['price']} {confirmed['currency']}, {confirmed['status']}")
        return str(booking["id"])

    def _declined(self, student: Caller, booking: str) -> None:
        self._now("Her first card is declined")
        problem = student.post(
            "/payments/process-payment",
            {"booking_id": booking, "payment_method_id": "pm_card_chargeDeclined"},
            expect=(402,),
        )
        self._told(f"402 {problem['code']}: {problem['detail']} Advice: {problem.get('advice')}.")

    def _paid_in_browser(self, student: Caller, booking: str) -> None:
        self._now("She pays in the browser; her bank asks for 3-D Secure")
        intent = student.post("/payments/create-payment-intent", {"booking_id": booking})
        pay = f"/test/payment-intents/{intent['payment_intent_id']}"
        asked = self.api.ask(
            "POST", f"{pay}/confirm", {"payment_method": "pm_card_authenticationRequired"}
        )
        self._told(f"Stripe.js says {asked['status']}")
        passed = self.api.ask("POST", f"{pay}/authenticate", {"outcome": "succeed"})
        self._told(f"the challenge is passed: {passed['status']}")
        payment = student.wait_for(
            f"/payments/{intent['payment_id']}", lambda each: each["status"] == "succeeded"
        )
        self._told(
            f"the signed webhook came: {payment['amount']} paid, {payment['platform_fee_amount']} "
            f"of it the platform's fee ({payment['platform_fee_percentage']} %)"
        )

    def _card(self, student: Caller) -> str:
        self._now("She puts a card on file")
        card = student.post("/payment-methods", {"payment_method_id": "pm_card_visa"})
        self._told(card["display_name"])
        return str(card["id"])

    def _paid_with_card(self, student: Caller, booking: str, card: str) -> None:
        self._now("She pays with the card on file")
        payment = student.post(
            "/payments/process-payment", {"booking_id": booking, "payment_method_id": card}
        )
        self._told(f"{payment['amount']} {payment['currency']}: {payment['status']}")

    def _cancelled_late(self, student: Caller, booking: str) -> None:
        self._now("She asks what cancelling the lesson in 18 hours would cost, and cancels")
        quote = student.get(f"/bookings/{booking}/quote?outcome=cancel")
        self._told(f"quote: {_shares(quote)}")
        done = student.post(f"/bookings/{booking}/cancel", {"reason": "A cold."})
        self._told(f"{done['status']}, {done['payment_status']}: {_shares(done['quote'])}")

    def _took_place(self, teacher: Caller, first: str, second: str) -> None:
        self._now("Two days pass, and Theo says that the first lesson took place; then two more")
        self._told(f"it is {self.api.advance(days=2, hours=3)}")
        done = teacher.post(f"/bookings/{first}/complete")
        self._told(f"the first lesson is {done['status']}")
        self._told(f"it is {self.api.advance(days=2, hours=3)}")
        itself = teacher.get(f"/bookings/{second}")
        self._told(f"the second one, a day after its end and by itself: {itself['status']}")

    def _paid_out(self, teacher: Caller) -> None:
        self._now("Four more days: every hold is over, and the worker has paid Theo day by day")
        self._told(f"it is {self.api.advance(days=4)}")
        for payout in reversed(teacher.get("/payouts")["items"]):
            self._told(f"{payout['amount']} {payout['currency']} {payout['status']}")

    def _refunded(self, student: Caller, booking: str) -> None:
        self._now("The second lesson was no good: staff refund it, though Theo has the money")
        admin = self.api.log_in(ADMIN, PASSWORD)
        (payment,) = student.get(f"/payments?booking_id={booking}")["items"]
        refunded = admin.post(
            f"/payments/{payment['id']}/refund",
            {"reason": "Half an hour late.", "fault": "teacher"},
        )
        self._told(f"{refunded['amount']} {refunded['currency']}: {refunded['message']}")
        self._told("the student does not wait; what Theo was paid for it is his debt now")

    def _statement(self, teacher: Caller) -> None:
        self._now("Theo reads his statement")
        lines = teacher.get("/earnings/lines?limit=200")["items"]
        rows = [
            (f"{line['at'][:16]}  {line['reason']}", line["amount"], line["state"])
            for line in reversed(lines)
        ]
        self.terminal.table(("", "usd", "stands"), rows, indent="    ")

    # --- Telling it ----------------------------------------------------------------------------

    def _now(self, what: str) -> None:
        self._step += 1
        self.terminal.say()
        self.terminal.say(f"{self.terminal.styled(f'{self._step:2}.', DIM)} {what}.")

    def _told(self, what: str) -> None:
        self.terminal.say(f"    {self.terminal.styled('→', BOLD)} {what}")


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _policy(gig: Json) -> str:
    policy = gig["cancellation_policy"]
    tiers = ", ".join(
        f"{tier['refund_percent']} % back with {tier['notice_minutes'] // 60} h of notice"
        for tier in policy["tiers"]
    )
    return f"{policy['name']}: {tiers}"


def _shares(quote: Json) -> str:
    teachers = " + ".join(each["amount"] for each in quote["teacher_amounts"])
    return (
        f"{quote['student_amount']} back to the student, {teachers} to the teacher, "
        f"{quote['platform_amount']} to the platform"
    )
