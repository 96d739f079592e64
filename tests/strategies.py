"""Hypothesis strategies for money, rules, and every aggregate and record, whatever its history.

Values are valid but need not be likely: any state that the types allow is drawn, so that a mapper
that forgets a field is found. They carry no events, like all values that come from a storage.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from application.ports.records import (
    Answer,
    AuditEntry,
    Delivery,
    DeliveryState,
    IdempotencyRecord,
    Operation,
    OperationState,
)
from domain.bookings import (
    Booking,
    BookingStatus,
    Funding,
    Party,
    PaymentState,
    Reschedule,
    Terms,
)
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
from domain.events import EVENTS, Event
from domain.fees import FeeBearing, FeeOnRefund, FeeSchedule
from domain.gigs import Confirmation, Gig, Teaching
from domain.ids import PREFIXES, UserId
from domain.ledger import Account, AccountKind, Entry, Line
from domain.money import EXPONENTS, Currency, Money, currency
from domain.payments import CardUsed, Failure, Legs, Payment, PaymentStatus, Share, Stage
from domain.people import Role, Session, User
from domain.policies import CancellationPolicy, Fault, Outcome, Tier
from domain.refunds import Refund, RefundCause, RefundStatus
from domain.time import Period, period_of

BASE_32 = "0123456789abcdefghjkmnpqrstvwxyz"
LARGE_MINOR = 10**11
"""Sums of a few such amounts still are amounts."""


# --- Values --------------------------------------------------------------------------------------


def ids(kind: str) -> SearchStrategy[str]:
    """Draw ids of a kind, as `Ids` mints them."""
    return st.text(BASE_32, min_size=26, max_size=26).map(lambda tail: f"{PREFIXES[kind]}_{tail}")


def user_ids() -> SearchStrategy[UserId]:
    """Draw ids of users."""
    return ids("user").map(UserId)


def gateway_ids(prefix: str) -> SearchStrategy[str]:
    """Draw ids such as the gateway mints."""
    return st.text("abcXYZ0189", min_size=8, max_size=24).map(lambda tail: f"{prefix}_{tail}")


def texts(max_size: int = 60) -> SearchStrategy[str]:
    """Draw any text that a database can hold: no NUL and no half of a surrogate pair."""
    letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return st.text(letters, max_size=max_size)


def names() -> SearchStrategy[str]:
    """Draw short technical names, such as codes and reasons."""
    return st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=30)


def hashes() -> SearchStrategy[str]:
    """Draw SHA-256 sums, in hex."""
    return st.text("0123456789abcdef", min_size=64, max_size=64)


def instants() -> SearchStrategy[datetime]:
    """Draw instants of this century, in UTC, to the microsecond."""
    first, last = datetime(2000, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001 - zone added below
    return st.datetimes(first, last, timezones=st.just(UTC))


def periods() -> SearchStrategy[Period]:
    """Draw lessons of a minute to eight hours."""
    return st.builds(period_of, instants(), st.integers(1, 480))


def currencies() -> SearchStrategy[Currency]:
    """Draw currencies with no, two and three decimals."""
    return st.sampled_from(sorted(EXPONENTS)).map(currency)


def amounts(of: Currency, least: int = 0, most: int = LARGE_MINOR) -> SearchStrategy[Money]:
    """Draw amounts of one currency."""
    return st.integers(least, most).map(lambda minor: Money(minor, of))


def moneys(least: int = 0, most: int = LARGE_MINOR) -> SearchStrategy[Money]:
    """Draw amounts of any currency."""
    return currencies().flatmap(lambda of: amounts(of, least, most))


def fee_schedules(of: Currency | None = None) -> SearchStrategy[FeeSchedule]:
    """Draw fee schedules in one currency, or in any."""

    def in_currency(chosen: Currency) -> SearchStrategy[FeeSchedule]:
        return st.builds(
            FeeSchedule,
            basis_points=st.integers(0, 10_000),
            minimum=amounts(chosen),
            cap=st.none() | amounts(chosen),
        )

    return currencies().flatmap(in_currency) if of is None else in_currency(of)


def fees_on_refund() -> SearchStrategy[FeeOnRefund]:
    """Draw what becomes of fees."""
    return st.builds(FeeOnRefund, st.sampled_from(FeeBearing), st.integers(0, 100))


@st.composite
def policies(draw: DrawFn) -> CancellationPolicy:
    """Draw cancellation policies: notice falls strictly, percentages never rise."""
    notices = draw(st.sets(st.integers(0, 525_600), min_size=1, max_size=5))
    percents = draw(
        st.lists(st.integers(0, 100), min_size=len(notices), max_size=len(notices)).map(sorted)
    )
    falling = zip(sorted(notices, reverse=True), reversed(percents), strict=True)
    tiers = tuple(Tier(notice, percent) for notice, percent in falling)
    return CancellationPolicy(draw(names()), tiers)


def terms(of: Currency) -> SearchStrategy[Terms]:
    """Draw what was agreed on, in one currency."""
    return st.builds(
        Terms, fees=fee_schedules(of), policy=policies(), fee_on_refund=fees_on_refund()
    )


def teachings() -> SearchStrategy[tuple[Teaching, ...]]:
    """Draw one to ten teachers with weights."""
    one = st.builds(Teaching, user_ids(), st.integers(1, 1000))
    many = st.lists(one, min_size=1, max_size=10, unique_by=lambda teaching: teaching.teacher_id)
    return many.map(tuple)


def facts() -> SearchStrategy[dict[str, str]]:
    """Draw small mappings of text."""
    return st.dictionaries(names(), texts(), max_size=4)


def versions() -> SearchStrategy[int]:
    """Draw versions of what was saved."""
    return st.integers(1, 10**6)


@st.composite
def events(draw: DrawFn) -> Event:
    """Draw events of every kind."""
    kind = EVENTS[draw(st.sampled_from(sorted(EVENTS)))]
    members: dict[type, SearchStrategy[Any]] = {
        bool: st.booleans(),
        str: texts(),
        int: st.integers(-(2**53), 2**53),
        datetime: instants(),
    }
    drawn = {field.name: draw(members[_type_of(field)]) for field in attrs.fields(kind)}
    return kind(**drawn)


def _type_of(field: "attrs.Attribute[Any]") -> type:
    if not isinstance(field.type, type):
        raise TypeError(f"an event holds ids, texts, integers and its instant, not {field.type!r}")
    return field.type


# --- People and lessons --------------------------------------------------------------------------


def emails() -> SearchStrategy[str]:
    """Draw addresses in mixed case."""
    letters = "abcdefgXYZ0189.+-"
    return st.text(letters, min_size=1, max_size=30).map(lambda name: f"{name}@example.com")


def users() -> SearchStrategy[User]:
    """Draw users."""
    return st.builds(
        User,
        id=user_ids(),
        email=emails(),
        name=texts(),
        role=st.sampled_from(Role),
        password_hash=texts(),
        created_at=instants(),
        gateway_customer_id=st.none() | gateway_ids("cus"),
        fee_basis_points=st.none() | st.integers(0, 10_000),
        version=versions(),
    )


def sessions() -> SearchStrategy[Session]:
    """Draw sessions."""
    return st.builds(
        Session,
        id=ids("session"),
        family=ids("session"),
        user_id=user_ids(),
        token_hash=hashes(),
        created_at=instants(),
        expires_at=instants(),
        used_at=st.none() | instants(),
        revoked_at=st.none() | instants(),
        version=versions(),
    )


def gigs() -> SearchStrategy[Gig]:
    """Draw gigs."""
    return st.builds(
        Gig,
        id=ids("gig"),
        teachers=teachings(),
        title=texts(),
        description=texts(400),
        hourly_rate=moneys(),
        capacity=st.integers(1, 10),
        confirmation=st.sampled_from(Confirmation),
        policy=policies(),
        minimum_minutes=st.integers(1, 480),
        maximum_minutes=st.integers(1, 480),
        accepts_hours=st.booleans(),
        is_active=st.booleans(),
        created_at=instants(),
        updated_at=instants(),
        version=versions(),
    )


def reschedules() -> SearchStrategy[Reschedule]:
    """Draw proposals to move a lesson."""
    return st.builds(
        Reschedule,
        starts_at=instants(),
        proposed_by=st.sampled_from(Party),
        answer_by=instants(),
    )


@st.composite
def bookings(draw: DrawFn) -> Booking:
    """Draw bookings in any status, whatever led there."""
    price = draw(moneys())
    period = draw(periods())
    return Booking(
        id=draw(ids("booking")),  # type: ignore[arg-type]
        gig_id=draw(ids("gig")),  # type: ignore[arg-type]
        student_id=draw(user_ids()),
        teachers=draw(teachings()),
        period=period,
        price=price,
        funding=draw(st.sampled_from(Funding)),
        terms=draw(terms(price.currency)),
        status=draw(st.sampled_from(BookingStatus)),
        payment_status=draw(st.sampled_from(PaymentState)),
        notice_from=draw(instants()),
        answer_due_at=draw(st.none() | instants()),
        payment_due_at=draw(st.none() | instants()),
        payment_is_processing=draw(st.booleans()),
        completes_at=period.end + timedelta(hours=draw(st.integers(0, 48))),
        outcome=draw(st.none() | st.sampled_from(Outcome)),
        settles_at=draw(st.none() | instants()),
        cancel_reason=draw(st.none() | texts()),
        reschedule=draw(st.none() | reschedules()),
        created_at=draw(instants()),
        updated_at=draw(instants()),
        version=draw(versions()),
    )


# --- Money ---------------------------------------------------------------------------------------


def failures() -> SearchStrategy[Failure]:
    """Draw reasons why a try did not work."""
    return st.builds(
        Failure,
        code=names(),
        message=texts(),
        decline_code=st.none() | names(),
        advice=st.none() | names(),
    )


def cards_used() -> SearchStrategy[CardUsed]:
    """Draw what was paid with."""
    return st.builds(
        CardUsed,
        method_type=st.none() | names(),
        brand=st.none() | names(),
        last4=st.none() | st.text("0123456789", min_size=4, max_size=4),
    )


def _parts_of(whole: int, count: int) -> SearchStrategy[list[int]]:
    """Draw `count` parts that sum to `whole` or less."""
    cuts = st.lists(st.integers(0, whole), min_size=count, max_size=count).map(sorted)
    return cuts.map(lambda at: [upper - lower for lower, upper in zip([0, *at], at, strict=False)])


@st.composite
def payments(draw: DrawFn) -> Payment:
    """Draw payments whose amounts agree, in any status."""
    list_amount = draw(moneys(1))
    of = list_amount.currency
    amount = draw(amounts(of, 1, list_amount.minor))
    fee = draw(amounts(of, 0, list_amount.minor))
    teachers = draw(teachings())
    agreed = (list_amount - fee).split([teaching.weight for teaching in teachers])
    captured = draw(st.sampled_from((Money.zero(of), amount)))
    refunded, reserved, lost = draw(_parts_of(captured.minor, 3))
    return Payment(
        id=draw(ids("payment")),  # type: ignore[arg-type]
        booking_id=draw(st.none() | ids("booking")),  # type: ignore[arg-type]
        student_id=draw(user_ids()),
        amount=amount,
        list_amount=list_amount,
        terms=draw(terms(of)),
        fee=fee,
        fee_reversed=draw(amounts(of, 0, fee.minor)),
        shares=tuple(
            Share(
                teacher_id=teaching.teacher_id,
                agreed=part,
                reversed=draw(amounts(of, 0, part.minor)),
            )
            for teaching, part in zip(teachers, agreed, strict=True)
        ),
        status=draw(st.sampled_from(PaymentStatus)),
        attempt=draw(st.integers(1, 50)),
        stage=draw(st.sampled_from(Stage)),
        read_at=draw(st.none() | instants()),
        gateway_id=draw(st.none() | gateway_ids("pi")),
        client_secret=draw(st.none() | names()),
        charge_id=draw(st.none() | gateway_ids("ch")),
        receipt_url=draw(st.none() | texts()),
        used=draw(cards_used()),
        failure=draw(st.none() | failures()),
        captured=captured,
        refunded=Money(refunded, of),
        reserved=Money(reserved, of),
        lost=Money(lost, of),
        unwound=draw(amounts(of, 0, list_amount.minor)),
        is_disputed=draw(st.booleans()),
        gateway_fee_booked=draw(st.booleans()),
        funds_available_at=draw(st.none() | instants()),
        created_at=draw(instants()),
        updated_at=draw(instants()),
        paid_at=draw(st.none() | instants()),
        refunded_at=draw(st.none() | instants()),
        version=draw(versions()),
    )


@st.composite
def refunds(draw: DrawFn) -> Refund:
    """Draw refunds in any status."""
    amount = draw(moneys(1))
    of = amount.currency
    return Refund(
        id=draw(ids("refund")),  # type: ignore[arg-type]
        payment_id=draw(ids("payment")),  # type: ignore[arg-type]
        booking_id=draw(st.none() | ids("booking")),  # type: ignore[arg-type]
        student_id=draw(user_ids()),
        amount=amount,
        reason=draw(texts()),
        fault=draw(st.sampled_from(Fault)),
        teacher_keeps=draw(st.booleans()),
        cause=draw(st.sampled_from(RefundCause)),
        legs=Legs(
            fee=draw(amounts(of)),
            teachers=tuple(draw(st.lists(amounts(of), min_size=1, max_size=10))),
            goodwill=draw(amounts(of)),
            suspense=draw(amounts(of)),
        ),
        promotion=draw(amounts(of)),
        requested_by=draw(st.none() | user_ids()),
        status=draw(st.sampled_from(RefundStatus)),
        gateway_id=draw(st.none() | gateway_ids("re")),
        failure_reason=draw(st.none() | texts()),
        has_succeeded=draw(st.booleans()),
        is_owed=draw(st.booleans()),
        settles=draw(st.none() | ids("refund")),  # type: ignore[arg-type]
        created_at=draw(instants()),
        updated_at=draw(instants()),
        version=draw(versions()),
    )


def cards() -> SearchStrategy[SavedCard]:
    """Draw cards on file, removed and unlisted ones too."""
    return st.builds(
        SavedCard,
        id=ids("card"),
        student_id=user_ids(),
        gateway_id=gateway_ids("pm"),
        brand=names(),
        last4=st.text("0123456789", min_size=4, max_size=4),
        exp_month=st.integers(1, 12),
        exp_year=st.integers(2020, 2060),
        country=st.none() | st.text("ABCDEFGHIJ", min_size=2, max_size=2),
        is_default=st.booleans(),
        is_listed=st.booleans(),
        created_at=instants(),
        removed_at=st.none() | instants(),
        version=versions(),
    )


def accounts() -> SearchStrategy[TeacherAccount]:
    """Draw teachers' connected accounts."""
    return st.builds(
        TeacherAccount,
        teacher_id=user_ids(),
        gateway_id=st.none() | gateway_ids("acct"),
        charges_enabled=st.booleans(),
        payouts_enabled=st.booleans(),
        transfers_enabled=st.booleans(),
        details_submitted=st.booleans(),
        created_at=instants(),
        updated_at=instants(),
        version=versions(),
    )


@st.composite
def balances(draw: DrawFn) -> TeacherBalance:
    """Draw balances; never payable and receivable both."""
    of = draw(currencies())
    has_debt = draw(st.booleans())
    zero = Money.zero(of)
    return TeacherBalance(
        teacher_id=draw(user_ids()),
        currency=of,
        payable=zero if has_debt else draw(amounts(of)),
        held=draw(amounts(of)),
        receivable=draw(amounts(of)) if has_debt else zero,
        in_flight=draw(amounts(of)),
        paid=draw(amounts(of)),
        last_payout_at=draw(st.none() | instants()),
        version=draw(versions()),
    )


def earning_lines() -> SearchStrategy[EarningLine]:
    """Draw lines of statements."""
    return st.builds(
        EarningLine,
        id=ids("earning"),
        teacher_id=user_ids(),
        kind=st.sampled_from(EarningKind),
        amount=moneys(-LARGE_MINOR),
        booking_id=st.none() | ids("booking"),
        payment_id=st.none() | ids("payment"),
        reason=texts(),
        at=instants(),
        available_at=st.none() | instants(),
        payout_id=st.none() | ids("payout"),
        version=versions(),
    )


@st.composite
def payouts(draw: DrawFn) -> Payout:
    """Draw payouts in any status."""
    amount = draw(moneys(1))
    return Payout(
        id=draw(ids("payout")),  # type: ignore[arg-type]
        teacher_id=draw(user_ids()),
        amount=amount,
        method=draw(st.sampled_from(PayoutMethod)),
        status=draw(st.sampled_from(PayoutStatus)),
        gateway_id=draw(st.none() | gateway_ids("tr")),
        reversed=draw(amounts(amount.currency, 0, amount.minor)),
        reference=draw(st.none() | texts()),
        failure_reason=draw(st.none() | texts()),
        created_at=draw(instants()),
        updated_at=draw(instants()),
        paid_at=draw(st.none() | instants()),
        version=draw(versions()),
    )


def ledger_accounts() -> SearchStrategy[Account]:
    """Draw accounts, owned and not."""
    return st.builds(Account, st.sampled_from(AccountKind), st.just("") | ids("booking"))


@st.composite
def entries(draw: DrawFn) -> Entry:
    """Draw balanced entries, also of several currencies."""
    lines: list[Line] = []
    for _ in range(draw(st.integers(1, 4))):
        amount = draw(moneys(1))
        lines.append(Line(draw(ledger_accounts()), amount))
        lines.append(Line(draw(ledger_accounts()), -amount))
    kind = draw(names())
    return Entry(
        key=f"{kind}:{draw(ids('payment'))}",
        kind=kind,
        lines=tuple(draw(st.permutations(lines))),
        at=draw(instants()),
    )


# --- Records -------------------------------------------------------------------------------------


def operations() -> SearchStrategy[Operation]:
    """Draw operations; what they send holds primitives only."""
    primitive = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts()
    return st.builds(
        Operation,
        id=ids("operation"),
        kind=names(),
        subject=ids("payment"),
        params=st.dictionaries(names(), primitive | facts(), max_size=5),
        params_sha256=hashes(),
        attempt=st.integers(1, 50),
        state=st.sampled_from(OperationState),
        fence=st.integers(1, 1000),
        lease_until=instants(),
        tries=st.integers(0, 1000),
        result=st.none() | gateway_ids("pi"),
        error=st.none() | texts(),
        refusal=st.none() | st.dictionaries(names(), st.none() | texts(), max_size=4),
        created_at=instants(),
        updated_at=instants(),
        version=versions(),
    )


def deliveries() -> SearchStrategy[Delivery]:
    """Draw received webhooks."""
    return st.builds(
        Delivery,
        id=gateway_ids("evt"),
        type=names(),
        object_type=names(),
        object_id=gateway_ids("pi"),
        payment=st.none() | gateway_ids("pi"),
        account=st.none() | gateway_ids("acct"),
        livemode=st.booleans(),
        api_version=st.none() | names(),
        facts=facts(),
        body=st.binary(max_size=200),
        event_at=instants(),
        received_at=instants(),
        state=st.sampled_from(DeliveryState),
        next_try_at=st.none() | instants(),
        tries=st.integers(0, 1000),
        error=st.none() | texts(),
        applied_at=st.none() | instants(),
        version=versions(),
    )


def answers() -> SearchStrategy[Answer]:
    """Draw what clients were told."""
    return st.builds(
        Answer, status=st.integers(100, 599), body=st.binary(max_size=200), content_type=names()
    )


def idempotency_records() -> SearchStrategy[IdempotencyRecord]:
    """Draw requests with an idempotency key."""
    return st.builds(
        IdempotencyRecord,
        scope=names(),
        key=texts().filter(bool),
        body_sha256=hashes(),
        lease_until=instants(),
        created_at=instants(),
        operations=st.dictionaries(names(), ids("operation"), max_size=4),
        answer=st.none() | answers(),
    )


def audit_entries() -> SearchStrategy[AuditEntry]:
    """Draw what staff did."""
    return st.builds(
        AuditEntry,
        id=ids("audit"),
        actor_id=st.none() | user_ids(),
        action=names(),
        subject=ids("payment"),
        before=facts(),
        after=facts(),
        request_id=st.none() | ids("request"),
        created_at=instants(),
    )


KINDS: dict[str, Callable[[], SearchStrategy[Any]]] = {
    "user": users,
    "session": sessions,
    "gig": gigs,
    "booking": bookings,
    "payment": payments,
    "refund": refunds,
    "card": cards,
    "account": accounts,
    "balance": balances,
    "earning_line": earning_lines,
    "payout": payouts,
    "entry": entries,
    "operation": operations,
    "delivery": deliveries,
    "idempotency_record": idempotency_records,
    "audit_entry": audit_entries,
    "event": events,
}
"""Every aggregate and record that a storage keeps, by name."""
