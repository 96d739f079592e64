"""What each view lists, by each of its filters."""

from typing import Any

import pytest
from attrs import evolve, frozen

from application.ports.records import DeliveryState
from application.ports.storage import (
    AuditFilter,
    BookingFilter,
    Created,
    DeliveryFilter,
    EarningFilter,
    GigFilter,
    PageRequest,
    PaymentFilter,
    PayoutFilter,
    RefundFilter,
    Storage,
    Unit,
    UserFilter,
)
from domain.bookings import BookingStatus, PaymentState
from domain.earnings import PayoutStatus
from domain.ids import BookingId, PaymentId
from domain.money import Money
from domain.payments import CardUsed, PaymentStatus
from domain.people import Role
from domain.refunds import RefundStatus
from tests.builders import (
    ADMIN,
    EUR,
    NOW,
    STUDENT,
    TEACHER,
    a_booking,
    a_delivery,
    a_gig,
    a_line,
    a_paid_payment,
    a_payment,
    a_payout,
    a_refund,
    a_student,
    a_teacher,
    after,
    an_admin,
    an_audit_entry,
    dollars,
    teachings,
)
from tests.contract.storage.keeping import keep, listed
from tests.contract.storage.school import LONG_AGO, OTHER_STUDENT, OTHER_TEACHER

FROM_1_TO_3 = Created(since=after(hours=1), until=after(hours=3))


@frozen
class Shelf:
    """The view's name and what is in it; each value is an hour younger than the one before."""

    view: str
    values: tuple[Any, ...]
    cases: tuple[tuple[Any, list[str]], ...]
    needs: tuple[Any, ...] = ()


USERS = Shelf(
    "users",
    (
        a_student("usr_0", name="Ada Lovelace", email="ada@math.example"),
        a_teacher("usr_1", name="Émile Zola", email="zola@paris.example"),
        an_admin("usr_2", name="100% sure", email="root@office.example"),
        a_student("usr_3", name="under_score", email="Score@Math.example"),
    ),
    (
        (UserFilter(role=Role.STUDENT, created=Created(since=NOW)), ["usr_3", "usr_0"]),
        (UserFilter(q="lovelace"), ["usr_0"]),
        (UserFilter(q="LOVE"), ["usr_0"]),
        (UserFilter(q="math.EXAMPLE"), ["usr_3", "usr_0"]),
        (UserFilter(q="usr_2"), ["usr_2"]),
        (UserFilter(q="éMILE"), ["usr_1"]),
        (UserFilter(q="100%"), ["usr_2"]),
        (UserFilter(q="er_sc"), ["usr_3"]),
        (UserFilter(q="n_er"), []),
        (UserFilter(q="%", role=Role.ADMIN), ["usr_2"]),
        (UserFilter(q="\\"), []),
        (UserFilter(q="nobody"), []),
        (UserFilter(created=FROM_1_TO_3), ["usr_2", "usr_1"]),
        (UserFilter(q="", created=Created(since=after(hours=3))), ["usr_3"]),
    ),
)
GIGS = Shelf(
    "gigs",
    (
        a_gig("gig_a", title="Piano", description="Scales", teachers=teachings(OTHER_TEACHER)),
        a_gig("gig_b", title="Violin", description="Bach", is_active=False),
        a_gig("gig_c", title="Chess", description="Openings", hourly_rate=Money(5000, EUR)),
        a_gig("gig_d", title="Duo", teachers=teachings(TEACHER, OTHER_TEACHER)),
    ),
    (
        (GigFilter(created=Created(since=NOW)), ["gig_d", "gig_c", "gig_a"]),
        (
            GigFilter(created=Created(since=NOW), active_only=False),
            ["gig_d", "gig_c", "gig_b", "gig_a"],
        ),
        (GigFilter(teacher_id=OTHER_TEACHER), ["gig_d", "gig_a"]),
        (GigFilter(teacher_id=OTHER_STUDENT), []),
        (GigFilter(q="CHE"), ["gig_c"]),
        (GigFilter(q="scales", created=Created(since=NOW)), ["gig_d", "gig_a"]),
        (GigFilter(q="bach"), []),
        (GigFilter(q="bach", active_only=False), ["gig_b"]),
        (GigFilter(q="_"), []),
        (GigFilter(currency="eur"), ["gig_c"]),
        (GigFilter(currency="jpy"), []),
        (GigFilter(created=FROM_1_TO_3, active_only=False), ["gig_c", "gig_b"]),
    ),
)
BOOKINGS = Shelf(
    "bookings",
    (
        a_booking("bk_0", starts_at=after(days=4)),
        a_booking("bk_1", BookingStatus.CANCELLED, student_id=OTHER_STUDENT),
        a_booking("bk_2", starts_at=after(days=2), teachers=(TEACHER, OTHER_TEACHER)),
        a_booking("bk_3", payment_status=PaymentState.PAID, teachers=(OTHER_TEACHER,)),
    ),
    (
        (BookingFilter(), ["bk_3", "bk_2", "bk_1", "bk_0"]),
        (BookingFilter(student_id=OTHER_STUDENT), ["bk_1"]),
        (BookingFilter(student_id=TEACHER), []),
        (BookingFilter(teacher_id=TEACHER), ["bk_2", "bk_1", "bk_0"]),
        (BookingFilter(teacher_id=OTHER_TEACHER), ["bk_3", "bk_2"]),
        (BookingFilter(teacher_id=STUDENT), []),
        (BookingFilter(status=BookingStatus.CONFIRMED), ["bk_3", "bk_2", "bk_0"]),
        (BookingFilter(payment_status=PaymentState.PAID), ["bk_3"]),
        (
            BookingFilter(teacher_id=TEACHER, student_id=STUDENT, status=BookingStatus.CONFIRMED),
            ["bk_2", "bk_0"],
        ),
        (
            BookingFilter(starts=Created(since=after(days=2), until=after(days=4))),
            ["bk_3", "bk_2", "bk_1"],
        ),
        (BookingFilter(starts=Created(since=after(days=4))), ["bk_0"]),
        (BookingFilter(starts=Created(until=after(days=2))), []),
        (BookingFilter(created=FROM_1_TO_3), ["bk_2", "bk_1"]),
    ),
)
PAYMENTS = Shelf(
    "payments",
    (
        a_payment("pay_0"),
        a_paid_payment("pay_1", booking_id=None, used=CardUsed(method_type="card")),
        a_payment("pay_2", booking_id=None, student_id=OTHER_STUDENT, amount=Money(900, EUR)),
        a_payment(
            "pay_3",
            booking_id=None,
            teachers=(TEACHER, OTHER_TEACHER),
            gateway_id="pi_3",
            used=CardUsed(method_type="sepa_debit"),
        ),
    ),
    (
        (PaymentFilter(), ["pay_3", "pay_2", "pay_1", "pay_0"]),
        (PaymentFilter(student_id=OTHER_STUDENT), ["pay_2"]),
        (PaymentFilter(teacher_id=OTHER_TEACHER), ["pay_3"]),
        (PaymentFilter(teacher_id=TEACHER), ["pay_3", "pay_2", "pay_1", "pay_0"]),
        (PaymentFilter(booking_id=BookingId("bk_1")), ["pay_0"]),
        (PaymentFilter(booking_id=BookingId("bk_2")), []),
        (PaymentFilter(status=PaymentStatus.SUCCEEDED), ["pay_1"]),
        (PaymentFilter(currency="eur"), ["pay_2"]),
        (PaymentFilter(method_type="card"), ["pay_1"]),
        (PaymentFilter(q="pay_2"), ["pay_2"]),
        (PaymentFilter(q="pay_"), []),
        (PaymentFilter(q="pi_3"), ["pay_3"]),
        (PaymentFilter(q="pi_"), []),
        (PaymentFilter(q="ch_pay_1"), ["pay_1"]),
        (PaymentFilter(q="OTHER_Student@"), ["pay_2"]),
        (PaymentFilter(q="other_teacher@example"), ["pay_3"]),
        (PaymentFilter(q="usr_student"), []),
        (PaymentFilter(q="admin@example.com"), []),
        (PaymentFilter(q="%"), []),
        (PaymentFilter(q="teacher@example.com", currency="eur"), ["pay_2"]),
        (PaymentFilter(created=FROM_1_TO_3), ["pay_2", "pay_1"]),
    ),
    needs=(a_booking("bk_1"),),
)
REFUNDS = Shelf(
    "refunds",
    (
        a_refund("re_0", booking_id=None),
        a_refund("re_1", booking_id=None, payment_id="pay_2", student_id=OTHER_STUDENT),
        a_refund("re_2", booking_id=None, status=RefundStatus.SUCCEEDED),
        a_refund("re_3", booking_id=None, payment_id="pay_2", student_id=OTHER_STUDENT),
    ),
    (
        (RefundFilter(), ["re_3", "re_2", "re_1", "re_0"]),
        (RefundFilter(student_id=OTHER_STUDENT), ["re_3", "re_1"]),
        (RefundFilter(teacher_id=OTHER_TEACHER), ["re_3", "re_1"]),
        (RefundFilter(teacher_id=TEACHER), ["re_3", "re_2", "re_1", "re_0"]),
        (RefundFilter(teacher_id=ADMIN), []),
        (RefundFilter(payment_id=PaymentId("pay_1")), ["re_2", "re_0"]),
        (RefundFilter(status="succeeded"), ["re_2"]),
        (RefundFilter(teacher_id=OTHER_TEACHER, status="succeeded"), []),
        (RefundFilter(created=FROM_1_TO_3), ["re_2", "re_1"]),
    ),
    needs=(
        a_paid_payment("pay_1", booking_id=None),
        a_paid_payment(
            "pay_2",
            booking_id=None,
            student_id=OTHER_STUDENT,
            teachers=(TEACHER, OTHER_TEACHER),
        ),
    ),
)
PAYOUTS = Shelf(
    "payouts",
    (
        a_payout("po_0"),
        a_payout("po_1", PayoutStatus.PAID),
        a_payout("po_2", teacher_id=OTHER_TEACHER),
        a_payout("po_3", PayoutStatus.FAILED),
    ),
    (
        (PayoutFilter(), ["po_3", "po_2", "po_1", "po_0"]),
        (PayoutFilter(teacher_id=TEACHER), ["po_3", "po_1", "po_0"]),
        (PayoutFilter(status="paid"), ["po_1"]),
        (PayoutFilter(teacher_id=OTHER_TEACHER, status="paid"), []),
        (PayoutFilter(created=FROM_1_TO_3), ["po_2", "po_1"]),
    ),
)
EARNINGS = Shelf(
    "earnings",
    (
        a_line("ern_0", booking_id=None, payment_id=None),
        a_line("ern_1", booking_id=None, payment_id=None, amount=Money(5, EUR)),
        a_line("ern_2", booking_id=None, payment_id=None, amount=dollars(-5)),
        a_line("ern_3", booking_id=None, payment_id=None, teacher_id=OTHER_TEACHER),
    ),
    (
        (EarningFilter(teacher_id=TEACHER), ["ern_2", "ern_1", "ern_0"]),
        (EarningFilter(teacher_id=OTHER_TEACHER), ["ern_3"]),
        (EarningFilter(teacher_id=STUDENT), []),
        (EarningFilter(teacher_id=TEACHER, currency="usd"), ["ern_2", "ern_0"]),
        (EarningFilter(teacher_id=TEACHER, created=FROM_1_TO_3), ["ern_2", "ern_1"]),
    ),
)
AUDIT = Shelf(
    "audit",
    (
        an_audit_entry("aud_0"),
        an_audit_entry("aud_1", actor_id=TEACHER, subject="bk_1"),
        an_audit_entry("aud_2", action="user.create"),
        an_audit_entry("aud_3", actor_id=None),
    ),
    (
        (AuditFilter(), ["aud_3", "aud_2", "aud_1", "aud_0"]),
        (AuditFilter(actor_id=ADMIN), ["aud_2", "aud_0"]),
        (AuditFilter(subject="bk_1"), ["aud_1"]),
        (AuditFilter(action="user.create"), ["aud_2"]),
        (AuditFilter(actor_id=ADMIN, action="refund.create"), ["aud_0"]),
        (AuditFilter(created=FROM_1_TO_3), ["aud_2", "aud_1"]),
    ),
)
DELIVERIES = Shelf(
    "deliveries",
    (
        a_delivery("evt_0"),
        a_delivery("evt_1", state=DeliveryState.APPLIED),
        a_delivery("evt_2", type="charge.refunded"),
        a_delivery("evt_3", state=DeliveryState.SUSPENDED),
    ),
    (
        (DeliveryFilter(), ["evt_3", "evt_2", "evt_1", "evt_0"]),
        (DeliveryFilter(state="received"), ["evt_2", "evt_0"]),
        (DeliveryFilter(type="charge.refunded"), ["evt_2"]),
        (DeliveryFilter(state="applied", type="charge.refunded"), []),
        (DeliveryFilter(created=FROM_1_TO_3), ["evt_2", "evt_1"]),
    ),
)
SHELVES = (USERS, GIGS, BOOKINGS, PAYMENTS, REFUNDS, PAYOUTS, EARNINGS, AUDIT, DELIVERIES)
_INSTANTS = {"earnings": "at", "deliveries": "received_at"}


def fill(storage: Storage, shelf: Shelf) -> None:
    """Keep what is on a shelf, an hour apart, the youngest first: order is no accident then."""
    created = _INSTANTS.get(shelf.view, "created_at")
    aged = [evolve(each, **{created: after(hours=n)}) for n, each in enumerate(shelf.values)]
    keep(storage, *shelf.needs, *reversed(aged))


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.view)
def test_a_view_lists_what_its_filter_lets_through_newest_first(
    school: Storage, shelf: Shelf
) -> None:
    fill(school, shelf)
    for where, expected in shelf.cases:
        assert listed(school, shelf.view, where) == expected, where


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.view)
def test_a_unit_lists_the_same_as_a_read(school: Storage, shelf: Shelf) -> None:
    fill(school, shelf)
    for where, expected in shelf.cases:
        page = school.work(
            lambda unit, where=where: getattr(unit.views, shelf.view).list(where, PageRequest())  # type: ignore[misc]
        )
        assert [each.id for each in page.items] == expected


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.view)
def test_a_view_finds_one_value_or_none(school: Storage, shelf: Shelf) -> None:
    fill(school, shelf)
    wanted = shelf.values[0].id
    found = school.read(lambda views: getattr(views, shelf.view).find(wanted))
    assert found is not None
    assert found.id == wanted
    assert school.read(lambda views: getattr(views, shelf.view).find("absent")) is None


def test_a_view_gives_values_as_they_were_saved(school: Storage) -> None:
    gig = evolve(a_gig("gig_new"), created_at=LONG_AGO)
    keep(school, gig)
    found = school.read(lambda views: views.gigs.find("gig_new"))
    assert found == evolve(gig, version=1)


def test_a_unit_lists_what_it_has_changed_once_and_as_it_is_now(school: Storage) -> None:
    keep(school, *(a_gig(f"gig_{n}", created_at=after(hours=n)) for n in range(2, 5)))

    def decide(unit: Unit) -> list[tuple[str, str]]:
        changed = unit.gigs.get(a_gig("gig_3").id).changed(at=NOW, title="Changed")
        unit.gigs.save(changed)
        unit.gigs.save(a_gig("gig_9", created_at=after(hours=3)))
        page = unit.views.gigs.list(GigFilter(created=Created(since=NOW)), PageRequest())
        return [(gig.id, gig.title) for gig in page.items]

    title = a_gig().title
    assert school.work(decide) == [
        ("gig_4", title),
        ("gig_9", title),
        ("gig_3", "Changed"),
        ("gig_2", title),
    ]
