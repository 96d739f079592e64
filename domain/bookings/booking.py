"""A booking, from request to outcome."""

from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from domain.bookings.errors import (
    BookingAlreadyPaid,
    BookingNotCancellable,
    BookingNotConfirmed,
    BookingNotEnded,
    BookingNotPaid,
    NoShowOutOfTime,
    NotAwaitingConfirmation,
    OwnGig,
    RescheduleNotPossible,
)
from domain.bookings.states import (
    EDGES,
    BookingStatus,
    Funding,
    Party,
    PaymentState,
    outcome_of_cancelling,
)
from domain.bookings.terms import (
    BOOKING_HORIZON,
    CONTEST_WINDOW,
    NO_SHOW_FROM,
    NO_SHOW_UNTIL,
    RESCHEDULE_ANSWER_WITHIN,
    BookingRules,
    Reschedule,
    Terms,
)
from domain.errors import BrokenInvariant, InvalidField
from domain.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingRequested,
    BookingRescheduled,
    BookingReseated,
    Event,
    NoShowReported,
    RescheduleProposed,
)
from domain.fees import FeeOnRefund, FeeSchedule
from domain.gigs import Confirmation, Gig, Teaching
from domain.ids import BookingId, GigId, UserId
from domain.money import Money
from domain.policies import Outcome
from domain.time import Period, instant, period_of


@frozen(kw_only=True)
class Booking:
    """A student's claim on a teacher's time.

    `notice_from` is the start that notice counts from: the booking's own, or an earlier one after
    a reschedule inside the policy's window. `settles_at` is set when a no-show was reported: the
    money moves then, unless the other side contests.
    """

    id: BookingId
    gig_id: GigId
    student_id: UserId
    teachers: tuple[Teaching, ...]
    period: Period
    price: Money
    funding: Funding
    terms: Terms
    status: BookingStatus
    payment_status: PaymentState
    notice_from: datetime = instant()
    answer_due_at: datetime | None = instant(default=None)
    payment_due_at: datetime | None = instant(default=None)
    payment_is_processing: bool = False
    completes_at: datetime = instant()
    outcome: Outcome | None = None
    settles_at: datetime | None = instant(default=None)
    cancel_reason: str | None = None
    reschedule: Reschedule | None = None
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    # --- Making one ------------------------------------------------------------------------

    @classmethod
    def request(
        cls,
        *,
        id: BookingId,
        gig: Gig,
        student_id: UserId,
        starts_at: datetime,
        minutes: int,
        fees: FeeSchedule,
        fee_on_refund: FeeOnRefund,
        rules: BookingRules,
        at: datetime,
        price_step: int = 1,
    ) -> "Booking":
        """Ask for a gig's teachers at a time; an instant gig is confirmed at once.

        Raises `InvalidField` for a time that is past or absurdly far, and for a length outside the
        gig's limits, `GigNotBookable` when the gig is not active, `OwnGig` for its own teacher.
        """
        if gig.is_taught_by(student_id):
            raise OwnGig("You cannot book your own gig.")
        gig.must_be_bookable(minutes)
        _must_be_ahead(starts_at, at)
        price = gig.price_for(minutes, step=price_step)
        funding = Funding.CARD if price else Funding.FREE
        booking = cls(
            id=id,
            gig_id=gig.id,
            student_id=student_id,
            teachers=gig.teachers,
            period=period_of(starts_at, minutes),
            price=price,
            funding=funding,
            terms=Terms(fees=fees, policy=gig.policy, fee_on_refund=fee_on_refund),
            status=BookingStatus.REQUESTED,
            payment_status=PaymentState.PAID if funding is Funding.FREE else PaymentState.UNPAID,
            notice_from=starts_at,
            answer_due_at=min(at + rules.request_lapses_after, starts_at),
            completes_at=period_of(starts_at, minutes).end + rules.completes_itself_after,
            created_at=at,
            updated_at=at,
            events=(BookingRequested(booking=id, at=at),),
        )
        if gig.confirmation is Confirmation.INSTANT:
            return booking._confirmed(pay_within=rules.pay_within_instant, at=at)
        return booking

    # --- Asking about it -------------------------------------------------------------------

    def is_taught_by(self, user: UserId | None) -> bool:
        """Tell whether the user is one of its teachers."""
        return any(teaching.teacher_id == user for teaching in self.teachers)

    def party_of(self, user: UserId | None) -> Party | None:
        """Return the side that a user is on; None for a stranger."""
        if user == self.student_id:
            return Party.STUDENT
        return Party.TEACHER if self.is_taught_by(user) else None

    @property
    def people(self) -> tuple[UserId, ...]:
        """Return everybody whose calendar it is in, in a fixed order."""
        return tuple(sorted({self.student_id, *(t.teacher_id for t in self.teachers)}))

    @property
    def next_due_at(self) -> datetime | None:
        """Return when `on_deadline` has something to do; None while nothing is pending."""
        if self.status is BookingStatus.REQUESTED:
            return self.answer_due_at
        if self.status is BookingStatus.CONFIRMED:
            if self.payment_status.was_paid:
                return self.completes_at
            return None if self.payment_is_processing else self.payment_due_at
        return self.settles_at

    @property
    def awaits_payment(self) -> bool:
        """Tell whether it is confirmed, and its money is not there yet."""
        return self.status is BookingStatus.CONFIRMED and not self.payment_status.was_paid

    def must_be_payable(self) -> None:
        """Refuse a payment unless it is confirmed, has a price, and is not paid yet."""
        if self.payment_status.was_paid:
            raise BookingAlreadyPaid("This booking is paid already.")
        if self.status is not BookingStatus.CONFIRMED:
            raise BookingNotConfirmed(
                f"Only a confirmed booking can be paid; this one is {self.status}."
            )

    # --- Its life --------------------------------------------------------------------------

    def confirm(self, *, rules: BookingRules, at: datetime) -> "Booking":
        """Agree to the request; the student has a window to pay."""
        if self.status is not BookingStatus.REQUESTED:
            raise NotAwaitingConfirmation(f"This booking is {self.status}, not requested.")
        if self.answer_due_at is not None and at >= self.answer_due_at:
            raise NotAwaitingConfirmation("This request has lapsed.")
        return self._confirmed(pay_within=rules.pay_within_confirmed, at=at)

    def _confirmed(self, *, pay_within: timedelta, at: datetime) -> "Booking":
        due = None if self.funding is Funding.FREE else min(at + pay_within, self.period.start)
        return self._moved(
            BookingStatus.CONFIRMED,
            BookingConfirmed(booking=self.id, at=at),
            answer_due_at=None,
            payment_due_at=due,
        )

    def decline(self, *, at: datetime) -> "Booking":
        """Turn the request down and free the slot."""
        if self.status is not BookingStatus.REQUESTED:
            raise NotAwaitingConfirmation(f"This booking is {self.status}, not requested.")
        return self._moved(
            BookingStatus.DECLINED,
            BookingDeclined(booking=self.id, at=at),
            outcome=Outcome.DECLINED,
        )

    def must_be_cancellable_by(self, party: Party, at: datetime) -> None:
        """Refuse to cancel what has ended; a student cannot cancel a lesson that is over."""
        over = party is Party.STUDENT and at >= self.period.end
        if self.status.is_final or over:
            state = "over" if over else self.status
            raise BookingNotCancellable(f"This booking cannot be cancelled: it is {state}.")

    def cancel(self, *, by: Party, reason: str, at: datetime) -> "Booking":
        """Call it off and free the slot; `outcome_of_cancelling` tells who gets what."""
        self.must_be_cancellable_by(by, at)
        return self._moved(
            BookingStatus.CANCELLED,
            BookingCancelled(booking=self.id, by=by, reason=reason, at=at),
            outcome=outcome_of_cancelling(by),
            cancel_reason=reason,
            reschedule=None,
        )

    def complete(self, *, at: datetime) -> "Booking":
        """Say that the lesson took place. Refused before its end, and while it is not paid."""
        if self.status is not BookingStatus.CONFIRMED:
            raise BookingNotConfirmed(f"Only a confirmed booking can be completed: {self.status}.")
        if at < self.period.end:
            raise BookingNotEnded("The lesson has not ended yet.")
        if not self.payment_status.is_settled:
            raise BookingNotPaid("The lesson is not paid for.")
        return self._moved(
            BookingStatus.COMPLETED,
            BookingCompleted(booking=self.id, at=at),
            outcome=Outcome.COMPLETED,
            reschedule=None,
        )

    def report_no_show(self, absent: Party, *, by: Party, at: datetime) -> "Booking":
        """Say that one side did not come; by a side, it settles when the contest window is over."""
        if self.status is not BookingStatus.CONFIRMED:
            raise BookingNotConfirmed(f"This booking is {self.status}.")
        if not self.period.start + NO_SHOW_FROM <= at <= self.period.start + NO_SHOW_UNTIL:
            raise NoShowOutOfTime("Report it from 10 minutes after the start to 7 days after it.")
        student_was_absent = absent is Party.STUDENT
        if student_was_absent and not self.payment_status.is_settled:
            # The outcome would call a payment off that is still on its way, and let them go free.
            raise BookingNotPaid("The lesson is not paid for yet.")
        return self._moved(
            BookingStatus.NO_SHOW if student_was_absent else BookingStatus.TEACHER_NO_SHOW,
            NoShowReported(booking=self.id, absent=absent, at=at),
            outcome=Outcome.STUDENT_NO_SHOW if student_was_absent else Outcome.TEACHER_NO_SHOW,
            settles_at=at if by is Party.PLATFORM else at + CONTEST_WINDOW,
            reschedule=None,
        )

    def settled(self) -> "Booking":
        """Note that the money of a no-show has moved."""
        return evolve(self, settles_at=None)

    def on_deadline(self, *, at: datetime) -> "Booking":
        """Do what is due at `at`: lapse, expire or complete. Return itself when nothing is."""
        due = self.next_due_at
        if due is None or at < due or self.settles_at is not None:
            return self
        if self.status is BookingStatus.CONFIRMED and self.payment_status.is_settled:
            return self.complete(at=at)
        if self.payment_status is PaymentState.REFUNDED:
            return self.cancel(by=Party.PLATFORM, reason="refunded in full", at=at)
        return self._moved(
            BookingStatus.EXPIRED,
            BookingExpired(booking=self.id, at=at),
            outcome=Outcome.EXPIRED,
            reschedule=None,
        )

    def can_be_reseated(self, at: datetime) -> bool:
        """Tell whether a late payment may still have the slot, if that is free."""
        return self.status is BookingStatus.EXPIRED and at < self.period.start

    def reseat(self, *, at: datetime) -> "Booking":
        """Take the slot again for a payment that came late; the caller has seen that it is free."""
        if not self.can_be_reseated(at):
            raise BrokenInvariant(f"{self.id} is {self.status} and cannot be seated again")
        return self._moved(
            BookingStatus.CONFIRMED,
            BookingReseated(booking=self.id, at=at),
            outcome=None,
        )

    def paid_as(
        self, status: PaymentState, *, at: datetime, is_processing: bool = False
    ) -> "Booking":
        """Show how its payment stands; processing suspends the payment window."""
        if (status, is_processing) == (self.payment_status, self.payment_is_processing):
            return self
        return evolve(
            self, payment_status=status, payment_is_processing=is_processing, updated_at=at
        )

    # --- Moving it -------------------------------------------------------------------------

    def propose_reschedule(self, starts_at: datetime, *, by: Party, at: datetime) -> "Booking":
        """Ask the other side to move the lesson; answered within 48 h and before the old start."""
        if self.status is not BookingStatus.CONFIRMED or at >= self.period.start:
            raise RescheduleNotPossible("Only a confirmed lesson that lies ahead can be moved.")
        _must_be_ahead(starts_at, at)
        if starts_at == self.period.start:
            raise InvalidField("starts_at", "The lesson starts at this time already.")
        proposal = Reschedule(
            starts_at=starts_at,
            proposed_by=by,
            answer_by=min(at + RESCHEDULE_ANSWER_WITHIN, self.period.start),
        )
        event = RescheduleProposed(booking=self.id, by=by, at=at)
        return evolve(self, reschedule=proposal, updated_at=at, events=(*self.events, event))

    def _open_proposal(self, by: Party, at: datetime) -> Reschedule:
        proposal = self.reschedule
        if (
            proposal is None
            or self.status is not BookingStatus.CONFIRMED
            or at >= proposal.answer_by
        ):
            raise RescheduleNotPossible("There is no proposal to answer.")
        if by is proposal.proposed_by:
            raise RescheduleNotPossible("The other side answers a proposal.")
        return proposal

    def accept_reschedule(self, *, by: Party, at: datetime) -> "Booking":
        """Agree to the proposal: the slot moves, and notice counts from the earlier start when the
        move was made inside the policy's window.
        """
        proposal = self._open_proposal(by, at)
        _must_be_ahead(proposal.starts_at, at)
        inside_the_window = self.terms.policy.refund_percent(self.notice_from, at) < max(
            tier.refund_percent for tier in self.terms.policy.tiers
        )
        new_period = self.period.moved_to(proposal.starts_at)
        earlier = min(self.notice_from, proposal.starts_at)
        event = BookingRescheduled(booking=self.id, at=at)
        return evolve(
            self,
            period=new_period,
            completes_at=new_period.end + (self.completes_at - self.period.end),
            notice_from=earlier if inside_the_window else proposal.starts_at,
            payment_due_at=self.payment_due_at and min(self.payment_due_at, new_period.start),
            reschedule=None,
            updated_at=at,
            events=(*self.events, event),
        )

    def decline_reschedule(self, *, at: datetime) -> "Booking":
        """Turn the proposal down; who made it may take it back in the same way."""
        if self.reschedule is None or self.status is not BookingStatus.CONFIRMED:
            raise RescheduleNotPossible("There is no proposal to answer.")
        return evolve(self, reschedule=None, updated_at=at)

    def _moved(self, to: BookingStatus, event: Event, **changes: object) -> "Booking":
        if to not in EDGES[self.status]:
            raise BrokenInvariant(f"{self.id} cannot go from {self.status} to {to}")
        return evolve(
            self,
            status=to,
            updated_at=event.at,
            events=(*self.events, event),
            **changes,  # type: ignore[arg-type]
        )


def _must_be_ahead(starts_at: datetime, at: datetime) -> None:
    if starts_at <= at:
        raise InvalidField("starts_at", "A lesson starts in the future.", "in_the_past")
    if starts_at > at + BOOKING_HORIZON:
        raise InvalidField("starts_at", "A lesson starts within two years.", "too_far_ahead")
