"""Valid values for tests, with fixed instants: name what matters, the rest is there.

Each takes its id first and any field by name: `a_booking("bk_2", status=BookingStatus.EXPIRED)`.
They refer to one another by default, so that a booking is of the gig, the payment of the booking, …
Values are new: version 0, and no events unless they are given.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from application.ports.records import (
    Answer,
    AuditEntry,
    Delivery,
    IdempotencyRecord,
    Operation,
)
from domain.bookings import Booking, BookingStatus, Funding, PaymentState, Terms
from domain.cards import SavedCard
from domain.earnings import (
    EarningKind,
    EarningLine,
    Payout,
    PayoutMethod,
    PayoutStatus,
    TeacherAccount,
    TeacherBalance,
)
from domain.fees import FeeOnRefund, FeeSchedule
from domain.gigs import Confirmation, Gig, Teaching
from domain.ids import (
    AuditId,
    BookingId,
    CardId,
    EarningId,
    GigId,
    OperationId,
    PaymentId,
    PayoutId,
    RefundId,
    SessionId,
    UserId,
)
from domain.ledger import Account, AccountKind, Entry, Line
from domain.money import Currency, Money, currency
from domain.payments import CAPTURED, Legs, Payment, PaymentStatus, Share, Stage
from domain.people import Role, Session, User
from domain.policies import PRESETS, Fault
from domain.refunds import Refund, RefundCause
from domain.time import period_of

USD = currency("usd")
EUR = currency("eur")
JPY = currency("jpy")

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When tests begin: a Monday morning."""
LESSON_AT = NOW + timedelta(days=3)
"""When lessons begin unless a test says otherwise."""

STUDENT = UserId("usr_student")
TEACHER = UserId("usr_teacher")
ADMIN = UserId("usr_admin")


def after(**passed: float) -> datetime:
    """Return the instant so long after `NOW`: `after(hours=2)`."""
    return NOW + timedelta(**passed)


def dollars(minor: int) -> Money:
    """Return an amount of US dollars, in cents."""
    return Money(minor, USD)


# --- People --------------------------------------------------------------------------------------


def a_user(id: str = STUDENT, role: Role = Role.STUDENT, **fields: Any) -> User:
    """Return somebody whose name and address follow from their id."""
    name = id.removeprefix("usr_")
    known: dict[str, Any] = {
        "email": f"{name}@example.com",
        "name": name.title(),
        "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
        "created_at": NOW,
    }
    return User(id=UserId(id), role=role, **{**known, **fields})


def a_student(id: str = STUDENT, **fields: Any) -> User:
    """Return a student."""
    return a_user(id, Role.STUDENT, **fields)


def a_teacher(id: str = TEACHER, **fields: Any) -> User:
    """Return a teacher."""
    return a_user(id, Role.TEACHER, **fields)


def an_admin(id: str = ADMIN, **fields: Any) -> User:
    """Return a member of staff."""
    return a_user(id, Role.ADMIN, **fields)


def a_session(id: str = "ses_1", **fields: Any) -> Session:
    """Return a refresh token's session, good for a month."""
    known: dict[str, Any] = {
        "family": "fam_1",
        "user_id": STUDENT,
        "token_hash": f"sha256-{id}",
        "created_at": NOW,
        "expires_at": after(days=30),
    }
    return Session(id=SessionId(id), **{**known, **fields})


# --- Lessons -------------------------------------------------------------------------------------


def teachings(*teachers: str) -> tuple[Teaching, ...]:
    """Return these teachers with equal weights."""
    return tuple(Teaching(UserId(teacher)) for teacher in teachers)


def a_fee_schedule(basis_points: int = 1500, **fields: Any) -> FeeSchedule:
    """Return 15 % without a floor or a ceiling."""
    return FeeSchedule(basis_points=basis_points, **{"minimum": dollars(0), **fields})


def terms(**fields: Any) -> Terms:
    """Return the platform's usual terms."""
    known: dict[str, Any] = {
        "fees": a_fee_schedule(),
        "policy": PRESETS["moderate"],
        "fee_on_refund": FeeOnRefund(),
    }
    return Terms(**{**known, **fields})


def a_gig(id: str = "gig_1", **fields: Any) -> Gig:
    """Return an offer of an hour for 100.00 that the teacher confirms."""
    known: dict[str, Any] = {
        "teachers": teachings(TEACHER),
        "title": "Piano for beginners",
        "description": "Scales, and a tune by the end of the lesson.",
        "hourly_rate": dollars(10_000),
        "capacity": 1,
        "confirmation": Confirmation.TEACHER,
        "policy": PRESETS["moderate"],
        "minimum_minutes": 15,
        "maximum_minutes": 480,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Gig(id=GigId(id), **{**known, **fields})


def a_booking(
    id: str = "bk_1",
    status: BookingStatus = BookingStatus.CONFIRMED,
    *,
    starts_at: datetime = LESSON_AT,
    minutes: int = 60,
    teachers: tuple[str, ...] = (TEACHER,),
    **fields: Any,
) -> Booking:
    """Return an hour's lesson for 100.00, not paid yet."""
    period = period_of(starts_at, minutes)
    known: dict[str, Any] = {
        "gig_id": "gig_1",
        "student_id": STUDENT,
        "teachers": teachings(*teachers),
        "period": period,
        "price": dollars(10_000),
        "funding": Funding.CARD,
        "terms": terms(),
        "payment_status": PaymentState.UNPAID,
        "notice_from": starts_at,
        "answer_due_at": after(hours=48) if status is BookingStatus.REQUESTED else None,
        "payment_due_at": after(hours=24) if status is BookingStatus.CONFIRMED else None,
        "completes_at": period.end + timedelta(hours=24),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Booking(id=BookingId(id), status=status, **{**known, **fields})


# --- Money ---------------------------------------------------------------------------------------


def a_payment(
    id: str = "pay_1",
    status: PaymentStatus = PaymentStatus.PENDING,
    *,
    amount: Money | None = None,
    teachers: tuple[str, ...] = (TEACHER,),
    **fields: Any,
) -> Payment:
    """Return a payment of 100.00, split 15 to 85; captured, and pending in the books, if the
    status says that it succeeded."""
    amount = dollars(10_000) if amount is None else amount
    zero = Money.zero(amount.currency)
    fee = fields.get("fee", Money(amount.minor * 15 // 100, amount.currency))
    parts = (fields.get("list_amount", amount) - fee).split([1] * len(teachers))
    known: dict[str, Any] = {
        "booking_id": "bk_1",
        "student_id": STUDENT,
        "amount": amount,
        "list_amount": amount,
        "terms": terms(fees=a_fee_schedule(minimum=zero)),
        "fee": fee,
        "fee_reversed": zero,
        "shares": tuple(
            Share(teacher_id=UserId(teacher), agreed=part, reversed=zero)
            for teacher, part in zip(teachers, parts, strict=True)
        ),
        "captured": zero,
        "refunded": zero,
        "reserved": zero,
        "lost": zero,
        "unwound": zero,
        "created_at": NOW,
        "updated_at": NOW,
    }
    captured: dict[str, Any] = {
        "captured": amount,
        "stage": Stage.PENDING,
        "gateway_id": f"pi_{id}",
        "charge_id": f"ch_{id}",
        "paid_at": NOW,
        "read_at": NOW,
    }
    more = captured if status in CAPTURED else {}
    return Payment(id=PaymentId(id), status=status, **{**known, **more, **fields})


def a_paid_payment(id: str = "pay_1", **fields: Any) -> Payment:
    """Return a payment that succeeded, for a lesson that lies ahead."""
    return a_payment(id, PaymentStatus.SUCCEEDED, **fields)


def a_refund(id: str = "re_1", *, amount: Money | None = None, **fields: Any) -> Refund:
    """Return a refund of 10.00 that is set aside, borne 15 to 85."""
    amount = dollars(1000) if amount is None else amount
    zero = Money.zero(amount.currency)
    fee = Money(amount.minor * 15 // 100, amount.currency)
    known: dict[str, Any] = {
        "payment_id": "pay_1",
        "booking_id": "bk_1",
        "student_id": STUDENT,
        "reason": "requested_by_customer",
        "fault": Fault.NONE,
        "teacher_keeps": False,
        "cause": RefundCause.MANUAL,
        "legs": Legs(fee=fee, teachers=(amount - fee,), goodwill=zero, suspense=zero),
        "promotion": zero,
        "requested_by": ADMIN,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Refund(id=RefundId(id), amount=amount, **{**known, **fields})


def a_card(id: str = "card_1", **fields: Any) -> SavedCard:
    """Return a Visa on file, the student's default."""
    known: dict[str, Any] = {
        "student_id": STUDENT,
        "gateway_id": f"pm_{id}",
        "brand": "visa",
        "last4": "4242",
        "exp_month": 12,
        "exp_year": 2030,
        "country": "US",
        "is_default": True,
        "created_at": NOW,
    }
    return SavedCard(id=CardId(id), **{**known, **fields})


def an_account(teacher_id: str = TEACHER, **fields: Any) -> TeacherAccount:
    """Return a connected account that can receive transfers."""
    known: dict[str, Any] = {
        "gateway_id": f"acct_{teacher_id}",
        "charges_enabled": True,
        "payouts_enabled": True,
        "transfers_enabled": True,
        "details_submitted": True,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return TeacherAccount(teacher_id=UserId(teacher_id), **{**known, **fields})


def a_balance(teacher_id: str = TEACHER, of: Currency = USD, **fields: Any) -> TeacherBalance:
    """Return a balance; amounts are given in minor units: `a_balance(payable=8500)`."""
    known: dict[str, Any] = {
        name: Money(fields.pop(name, 0), of)
        for name in ("payable", "held", "receivable", "in_flight", "paid")
    }
    return TeacherBalance(teacher_id=UserId(teacher_id), currency=of, **{**known, **fields})


def a_line(id: str = "ern_1", *, amount: Money | None = None, **fields: Any) -> EarningLine:
    """Return the teacher's 85.00 of a lesson, available since an hour ago."""
    known: dict[str, Any] = {
        "teacher_id": TEACHER,
        "kind": EarningKind.LESSON,
        "booking_id": "bk_1",
        "payment_id": "pay_1",
        "reason": "lesson",
        "at": NOW,
        "available_at": after(hours=-1),
    }
    amount = dollars(8500) if amount is None else amount
    return EarningLine(id=EarningId(id), amount=amount, **{**known, **fields})


def a_payout(
    id: str = "po_1",
    status: PayoutStatus = PayoutStatus.IN_TRANSIT,
    *,
    amount: Money | None = None,
    **fields: Any,
) -> Payout:
    """Return a payout of 85.00 on its way."""
    amount = dollars(8500) if amount is None else amount
    known: dict[str, Any] = {
        "teacher_id": TEACHER,
        "method": PayoutMethod.STRIPE,
        "reversed": Money.zero(amount.currency),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Payout(id=PayoutId(id), status=status, amount=amount, **{**known, **fields})


def an_entry(
    key: str = "bank_payout:po_1",
    minor: int = 1000,
    *,
    debit: Account = Account(AccountKind.CASH_BANK),  # noqa: B008 - frozen
    credit: Account = Account(AccountKind.CASH_GATEWAY),  # noqa: B008 - frozen
    of: Currency = USD,
    at: datetime = NOW,
) -> Entry:
    """Return an entry of two lines."""
    lines = (Line(debit, Money(minor, of)), Line(credit, Money(-minor, of)))
    return Entry(key=key, kind=key.partition(":")[0], lines=lines, at=at)


# --- Records -------------------------------------------------------------------------------------


def an_operation(id: str = "op_1", **fields: Any) -> Operation:
    """Return a payment that is about to be sent, leased for a minute."""
    known: dict[str, Any] = {
        "kind": "create_payment",
        "subject": "pay_1",
        "params": {"operation": id, "amount": 10_000, "currency": "usd"},
        "params_sha256": "0" * 64,
        "lease_until": after(minutes=1),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Operation(id=OperationId(id), **{**known, **fields})


def a_delivery(id: str = "evt_1", **fields: Any) -> Delivery:
    """Return a webhook that was just received, to be looked at now."""
    known: dict[str, Any] = {
        "type": "payment_intent.succeeded",
        "object_type": "payment_intent",
        "object_id": "pi_1",
        "payment": "pi_1",
        "account": None,
        "livemode": False,
        "api_version": "2026-01-28.clover",
        "facts": {"status": "succeeded"},
        "body": b'{"id": "evt_1"}',
        "event_at": NOW,
        "received_at": NOW,
        "next_try_at": NOW,
    }
    return Delivery(id=id, **{**known, **fields})


def an_idempotency_record(key: str = "key-1", **fields: Any) -> IdempotencyRecord:
    """Return a request that is being carried out."""
    known: dict[str, Any] = {
        "scope": STUDENT,
        "body_sha256": "1" * 64,
        "lease_until": after(minutes=1),
        "created_at": NOW,
    }
    return IdempotencyRecord(key=key, **{**known, **fields})


def an_answer(status: int = 201, body: bytes = b'{"id": "bk_1"}') -> Answer:
    """Return what a client was told."""
    return Answer(status=status, body=body)


def an_audit_entry(id: str = "aud_1", **fields: Any) -> AuditEntry:
    """Return a note of what an admin did."""
    known: dict[str, Any] = {
        "actor_id": ADMIN,
        "action": "refund.create",
        "subject": "pay_1",
        "before": {"refunded": "0.00"},
        "after": {"refunded": "10.00"},
        "request_id": "req_1",
        "created_at": NOW,
    }
    return AuditEntry(id=AuditId(id), **{**known, **fields})
