"""What verification reads, over drafts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from attrs import frozen

from adapters.memory.aggregates import newest_first
from adapters.memory.database import Database
from adapters.memory.tables import Drafts
from application.ports.records import IdempotencyRecord, Operation, OperationState
from application.ports.storage import BETWEEN_WORDS, Credited, Done, Slot, StoredText, Unpaid
from domain.bookings import Booking
from domain.earnings import OPEN_PAYOUTS, EarningLine, Payout, TeacherBalance
from domain.events import WORDY
from domain.payments import Payment
from domain.refunds import UNDER_WAY, Refund


@frozen
class Everything:
    """Streams over whole tables."""

    _drafts: Drafts
    _database: Database

    def payments(self) -> Iterator[Payment]:
        return self._drafts.of(self._database.payments).rows()

    def refunds(self) -> Iterator[Refund]:
        return self._drafts.of(self._database.refunds).rows()

    def payouts(self) -> Iterator[Payout]:
        return self._drafts.of(self._database.payouts).rows()

    def balances(self) -> Iterator[TeacherBalance]:
        return self._drafts.of(self._database.balances).rows()

    def bookings(self) -> Iterator[Booking]:
        return self._drafts.of(self._database.bookings).rows()

    def operations(self) -> Iterator[Operation]:
        return self._drafts.of(self._database.operations).rows()

    def sizes(self) -> Mapping[str, int]:
        """Return how many ledger entries, bookings and payouts there are, for showing progress."""
        drafts, database = self._drafts, self._database
        return {
            "ledger entries": len(database.ledger.in_order),
            "bookings": sum(1 for _ in drafts.of(database.bookings).rows()),
            "payouts": sum(1 for _ in drafts.of(database.payouts).rows()),
        }


@frozen
class Belongings:
    """Look many up at once."""

    _drafts: Drafts
    _database: Database

    def payments_of(self, bookings: Sequence[str]) -> Iterator[Payment]:
        """Return the payments of bookings, a booking's newest first."""
        payments = self._drafts.of(self._database.payments)
        for booking in bookings:
            yield from newest_first(payments.of("booking", booking))

    def refunds_of(self, payments: Sequence[str]) -> Iterator[Refund]:
        """Return the refunds of payments."""
        refunds = self._drafts.of(self._database.refunds)
        for payment in payments:
            yield from refunds.of("payment", payment)

    def credited(self, payments: Sequence[str]) -> Iterator[Credited]:
        """Return what teachers' statements have of payments."""
        lines = self._drafts.of(self._database.earnings)
        for payment in payments:
            for (teacher, code, is_ahead), amount in _summed(lines.of("payment", payment)).items():
                yield Credited(payment, teacher, code, is_ahead, amount)

    def carried(self, payouts: Sequence[str]) -> Mapping[str, int]:
        """Return the sums of the lines that payouts carry; those of none are left out."""
        lines = self._drafts.of(self._database.earnings)
        carried = ((payout, lines.of("payout", payout)) for payout in payouts)
        return {
            payout: sum(line.amount.minor for line in found) for payout, found in carried if found
        }

    def done(self, subjects: Sequence[str]) -> Iterator[Done]:
        """Return the effects that are done for payments, refunds or payouts."""
        operations = self._drafts.of(self._database.operations)
        for subject in subjects:
            for each in operations.of("subject", subject):
                if each.state is OperationState.DONE:
                    yield Done(each.id, subject, each.kind, each.result)

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return which of these ids, ours or the gateway's, payments, refunds or payouts have."""
        database, drafts = self._database, self._drafts
        have: set[str | None] = set()
        for payment in drafts.of(database.payments).rows():
            have |= {payment.id, payment.charge_id}
        for refund in drafts.of(database.refunds).rows():
            have |= {refund.id, refund.gateway_id}
        for payout in drafts.of(database.payouts).rows():
            have |= {payout.id, payout.gateway_id}
        return {each for each in ids if each in have}

    def missing(self, operations: Sequence[str]) -> set[str]:
        """Return which of these are no operation's id."""
        known = self._drafts.of(self._database.operations)
        return {each for each in operations if known.find(each) is None}


@frozen
class UnderWay:
    """What is open."""

    _drafts: Drafts
    _database: Database

    def payments(self) -> Iterator[Payment]:
        """Return payments that may still be paid, or whose charge is not settled in our books."""
        for payment in self._drafts.of(self._database.payments).rows():
            if payment.status.is_live or (payment.captured and not payment.gateway_fee_booked):
                yield payment

    def refunds(self) -> Iterator[Refund]:
        """Return refunds that are reserved or pending."""
        refunds = self._drafts.of(self._database.refunds).rows()
        return (refund for refund in refunds if refund.status in UNDER_WAY)

    def payouts(self) -> Iterator[Payout]:
        """Return payouts that are pending or in transit."""
        payouts = self._drafts.of(self._database.payouts).rows()
        return (payout for payout in payouts if payout.status in OPEN_PAYOUTS)

    def operations(self) -> Iterator[Operation]:
        """Return effects on the gateway that are not finished."""
        return self._drafts.of(self._database.operations).ascending("lease")


class Corners:
    """What no walk from booking to booking comes by."""

    def __init__(self, drafts: Drafts, database: Database) -> None:
        self._drafts = drafts
        self._database = database

    def stray_payments(self) -> Iterator[Payment]:
        """Return payments of no booking, or of one that does not exist."""
        bookings = self._drafts.of(self._database.bookings)
        payments = self._drafts.of(self._database.payments).rows()
        return (payment for payment in payments if bookings.find(payment.booking_id) is None)

    def stray_refunds(self) -> Iterator[Refund]:
        """Return refunds of payments that do not exist."""
        payments = self._drafts.of(self._database.payments)
        refunds = self._drafts.of(self._database.refunds).rows()
        return (refund for refund in refunds if payments.find(refund.payment_id) is None)

    def unpaid(self) -> Iterator[Unpaid]:
        """Return the sums of lines that no payout carries."""
        lines = self._drafts.of(self._database.earnings).rows()
        for key, amount in _summed(line for line in lines if line.payout_id is None).items():
            yield Unpaid(*key, amount)

    def slots(self) -> Iterator[Slot]:
        """Return what fills calendars, a person's together, the earliest end first."""
        holding = [booking for booking in self._bookings if booking.status.holds_its_slot]
        taught = ((each.teacher_id, booking) for booking in holding for each in booking.teachers)
        yield from (self._slot(*each) for each in sorted(taught, key=_by_end))
        attended = ((booking.student_id, booking) for booking in holding)
        yield from (self._slot(*each) for each in sorted(attended, key=_by_end))

    def _slot(self, person: str, booking: Booking) -> Slot:
        gig = self._drafts.of(self._database.gigs).find(booking.gig_id)
        is_as_it_was = gig is not None and gig.updated_at <= booking.created_at
        return Slot(
            person=person,
            booking=booking.id,
            gig=booking.gig_id,
            student=booking.student_id,
            starts_at=booking.period.start,
            ends_at=booking.period.end,
            listed_until=booking.period.end,
            capacity=gig.capacity if gig is not None and is_as_it_was else None,
        )

    @cached_property
    def _bookings(self) -> tuple[Booking, ...]:
        return tuple(self._drafts.of(self._database.bookings).rows())

    def answers(self) -> Iterator[IdempotencyRecord]:
        """Return requests with an idempotency key."""
        return self._drafts.of(self._database.idempotency).rows()

    def texts(self) -> Iterator[StoredText]:
        """Return all that people, or the gateway, have written."""
        drafts, database = self._drafts, self._database
        for user in drafts.of(database.users).rows():
            yield _words("users", user.id, user.name, user.email)
        for gig in drafts.of(database.gigs).rows():
            yield _words("gigs", gig.id, gig.title, gig.description)
        for booking in self._bookings:
            yield _words("bookings", booking.id, booking.cancel_reason)
        for payment in drafts.of(database.payments).rows():
            yield _words("payments", payment.id, payment.failure)
        for refund in drafts.of(database.refunds).rows():
            yield _words("refunds", refund.id, refund.reason, refund.failure_reason)
        for payout in drafts.of(database.payouts).rows():
            yield _words("payouts", payout.id, payout.reference, payout.failure_reason)
        yield from self._texts_of_records()

    def _texts_of_records(self) -> Iterator[StoredText]:
        drafts, database = self._drafts, self._database
        for each in drafts.of(database.operations).rows():
            yield _words("operations", each.id, dict(each.params), each.error, each.refusal)
        for delivery in drafts.of(database.inbox).rows():
            body = delivery.body.decode(errors="replace")
            yield _words("deliveries", delivery.id, dict(delivery.facts), body)
        for message in drafts.of(database.outbox).rows():
            if type(message.event).__name__ in WORDY:
                yield _words("outbox", message.id, message.event)
        for record in drafts.of(database.idempotency).rows():
            answer = None if record.answer is None else record.answer.body.decode(errors="replace")
            yield _words("idempotency_keys", record.key, answer)
        for entry in drafts.of(database.audit).rows():
            about = (dict(entry.before), dict(entry.after), entry.request_id)
            yield _words("audit_log", entry.id, *about)


def _summed(lines: Iterable[EarningLine]) -> dict[tuple[str, str, bool], int]:
    sums: defaultdict[tuple[str, str, bool], int] = defaultdict(int)
    for line in lines:
        key = (line.teacher_id, line.amount.currency.code, line.available_at is None)
        sums[key] += line.amount.minor
    return sums


def _by_end(each: tuple[str, Booking]) -> tuple[str, object]:
    person, booking = each
    return person, booking.period.end


def _words(table: str, name: str, *words: object) -> StoredText:
    text = BETWEEN_WORDS.join(str(word) for word in words if word is not None)
    return StoredText(f"{table} {name}", text)
