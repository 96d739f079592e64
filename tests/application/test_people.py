"""Registering, and what people and staff see of users."""

from typing import Any

import pytest
from attrs import evolve

from application.commands import SYSTEM, Command
from application.people import (
    EnsureAdmin,
    GetMe,
    GetUser,
    ListUsers,
    Register,
    Rename,
    SetTeacherFee,
)
from application.ports.storage import PageRequest, Unit, UserFilter
from application.rules import PlatformRules
from application.staff import GetAudit, ListAudit
from domain.errors import Forbidden, InvalidField, NotAuthenticated, NotFound
from domain.ids import AuditId, UserId
from domain.payments import PaymentStatus
from domain.people import EmailTaken, Role
from tests.application.school import ANYBODY, PASSWORD, School, the_id
from tests.builders import NOW, USD, a_payment, dollars

REGISTER = Register(email="ada@school.org", password=PASSWORD, name="Ada", role=Role.STUDENT)


# --- Registering ---------------------------------------------------------------------------------


def test_somebody_registers_as_a_student() -> None:
    school = School()

    user_id = school.handle(REGISTER)

    user = school.storage.read(lambda views: views.users.find(user_id))
    assert user is not None
    assert (user.email, user.name, user.role) == ("ada@school.org", "Ada", Role.STUDENT)
    assert user.created_at == NOW
    assert school.passwords.verify(user.password_hash, PASSWORD)


def test_the_password_is_nowhere_kept_and_shows_in_no_repr() -> None:
    assert PASSWORD not in repr(REGISTER)


def test_nobody_registers_as_staff() -> None:
    with pytest.raises(InvalidField, match="student or as a teacher"):
        School().handle(evolve(REGISTER, role=Role.ADMIN))


@pytest.mark.parametrize("again", ["ada@school.org", "ADA@School.ORG", " ada@school.org "])
def test_an_address_registers_once_in_any_case_of_letters(again: str) -> None:
    school = School()
    school.handle(REGISTER)

    with pytest.raises(EmailTaken) as caught:
        school.handle(evolve(REGISTER, email=again))

    assert caught.value.code == "email_taken"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"email": "ada"}, "email", "invalid"),
        ({"password": "too short"}, "password", "too_short"),
        ({"password": "x" * 201}, "password", "too_long"),
        ({"name": "   "}, "name", "too_short"),
        ({"name": "x" * 151}, "name", "too_long"),
        ({"name": "Ada\nLovelace"}, "name", "invalid"),
        ({"name": "Ada\x00"}, "name", "invalid"),
        ({"name": "\ud800"}, "name", "invalid"),
    ],
)
def test_a_field_out_of_bounds_is_named(change: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(InvalidField) as caught:
        School().handle(evolve(REGISTER, **change))

    assert (caught.value.field, caught.value.field_code) == (field, code)


@pytest.mark.parametrize("password", ["x" * 10, "x" * 200, "пароль пароль"])
def test_a_password_has_10_to_200_characters(password: str) -> None:
    assert School().handle(evolve(REGISTER, password=password))


@pytest.mark.parametrize("name", ["A", "x" * 150, "Zoë O’Neill-Nuñez", "王小明"])
def test_a_name_has_1_to_150_characters(name: str) -> None:
    assert School().handle(evolve(REGISTER, name=name))


def test_a_name_is_trimmed() -> None:
    school = School()
    user_id = school.handle(evolve(REGISTER, name="  Ada  "))

    user = school.storage.read(lambda views: views.users.find(user_id))
    assert user is not None
    assert user.name == "Ada"


def test_reserved_domains_register_unless_the_platform_is_in_production() -> None:
    reserved = evolve(REGISTER, email="student@tuition.test")

    assert School().handle(reserved)
    with pytest.raises(InvalidField, match="No mail reaches"):
        School(PlatformRules(allows_reserved_domains=False)).handle(reserved)


# --- Staff are made, not registered --------------------------------------------------------------


def test_the_system_makes_an_admin() -> None:
    school = School()

    made = school.handle(EnsureAdmin(email="root@school.org", password=PASSWORD), SYSTEM)

    user = school.storage.read(lambda views: views.users.find(made.user_id))
    assert made.is_new
    assert user is not None
    assert (user.role, user.name) == (Role.ADMIN, "Admin")


def test_an_admin_who_is_there_already_stays_as_they_are() -> None:
    school = School()
    command = EnsureAdmin(email="root@school.org", password=PASSWORD)
    first = school.handle(command, SYSTEM)

    again = school.handle(evolve(command, password="another password"), SYSTEM)

    user = school.storage.read(lambda views: views.users.find(first.user_id))
    assert again == evolve(first, is_new=False)
    assert user is not None
    assert school.passwords.verify(user.password_hash, PASSWORD)


def test_a_student_is_not_promoted_by_accident() -> None:
    school = School()
    school.student("Ada")

    with pytest.raises(EmailTaken):
        school.handle(EnsureAdmin(email="ada@school.org", password=PASSWORD), SYSTEM)


def test_two_processes_that_start_at_once_make_one_admin() -> None:
    school = School()
    command = EnsureAdmin(email="root@school.org", password=PASSWORD)
    hash_ = school.passwords.hash

    def while_another_is_faster(password: str) -> str:
        school.passwords.hash = hash_  # type: ignore[method-assign]
        school.handle(command, SYSTEM)
        return hash_(password)

    school.passwords.hash = while_another_is_faster  # type: ignore[method-assign]

    assert not school.handle(command, SYSTEM).is_new


def test_nobody_makes_an_admin_over_the_wire() -> None:
    school = School()

    for actor in (ANYBODY, school.student(), school.admin()):
        with pytest.raises(Forbidden):
            school.handle(EnsureAdmin(email="evil@school.org", password=PASSWORD), actor)


def test_making_an_admin_is_audited() -> None:
    school = School()
    made = school.admin("Root")

    entry = school.audit()[0]
    assert (entry.action, entry.subject, entry.actor_id) == ("admin_created", made.user_id, None)


# --- Oneself -------------------------------------------------------------------------------------


def test_somebody_sees_who_they_are() -> None:
    school = School()
    ada = school.student("Ada")

    assert school.handle(GetMe(), ada).email == "ada@school.org"


def test_somebody_anonymous_is_nobody() -> None:
    with pytest.raises(NotAuthenticated):
        School().handle(GetMe())


def test_a_token_of_a_user_who_is_not_there_is_no_authentication() -> None:
    school = School()
    ada = school.student()

    with pytest.raises(NotAuthenticated):
        school.handle(GetMe(), evolve(ada, user_id=UserId("usr_gone")))


def test_somebody_changes_their_name() -> None:
    school = School()
    ada = school.student("Ada")

    assert school.handle(Rename(name=" Ada L. "), ada) == ada.user_id

    assert school.handle(GetMe(), ada).name == "Ada L."


def test_a_name_cannot_be_changed_to_nothing() -> None:
    school = School()

    with pytest.raises(InvalidField):
        school.handle(Rename(name=" "), school.student())


# --- What staff see ------------------------------------------------------------------------------


def test_staff_look_through_people() -> None:
    school = School()
    school.student("Ada")
    school.teacher("Tom")

    found = school.handle(ListUsers(where=UserFilter(q="tom")), school.admin())

    assert [user.name for user in found.items] == ["Tom"]


@pytest.mark.parametrize("role", [Role.STUDENT, Role.TEACHER])
def test_others_do_not(role: Role) -> None:
    school = School()
    actor = evolve(school.student(), role=role)

    queries: tuple[Command[Any], ...] = (
        ListUsers(),
        GetUser(user_id=the_id(actor)),
        ListAudit(),
        GetAudit(audit_id=AuditId("aud_1")),
    )
    for query in queries:
        with pytest.raises(Forbidden):
            school.handle(query, actor)


def test_staff_see_what_a_student_has_paid_by_currency() -> None:
    school = School()
    ada = the_id(school.student("Ada"))

    def pay(unit: Unit) -> None:
        for payment_id, status in (
            ("pay_1", PaymentStatus.SUCCEEDED),
            ("pay_2", PaymentStatus.PARTIALLY_REFUNDED),
            ("pay_3", PaymentStatus.FAILED),
        ):
            back = dollars(2_500 if status is PaymentStatus.PARTIALLY_REFUNDED else 0)
            paid = a_payment(
                payment_id, status, student_id=ada, booking_id=f"bk_{payment_id}", refunded=back
            )
            unit.payments.save(paid)

    school.storage.work(pay)

    seen = school.handle(GetUser(user_id=ada), school.admin())

    assert seen.user.id == ada
    (totals,) = seen.totals
    assert (totals.currency, totals.count) == (USD, 2)
    assert (totals.paid, totals.refunded) == (dollars(20_000), dollars(2_500))


def test_a_teacher_is_seen_with_what_was_paid_for_their_lessons() -> None:
    school = School()
    tom = the_id(school.teacher("Tom"))
    paid = a_payment(status=PaymentStatus.SUCCEEDED, teachers=(tom,))
    school.storage.work(lambda unit: unit.payments.save(paid))

    assert school.handle(GetUser(user_id=tom), school.admin()).totals[0].count == 1


def test_totals_span_more_than_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.people.directory._PAGE_OF_PAYMENTS", 2)
    school = School()
    ada = the_id(school.student("Ada"))

    def pay(unit: Unit) -> None:
        for number in range(5):
            paid = a_payment(
                f"pay_{number}",
                PaymentStatus.SUCCEEDED,
                student_id=ada,
                booking_id=f"bk_{number}",
            )
            unit.payments.save(paid)

    school.storage.work(pay)

    assert school.handle(GetUser(user_id=ada), school.admin()).totals[0].count == 5


def test_a_user_who_is_not_there_is_not_found() -> None:
    school = School()

    with pytest.raises(NotFound):
        school.handle(GetUser(user_id=UserId("usr_gone")), school.admin())


# --- A teacher's own rate ------------------------------------------------------------------------


def test_staff_override_a_teachers_fee_and_that_is_audited() -> None:
    school = School()
    tom, admin = the_id(school.teacher()), school.admin()

    school.handle(SetTeacherFee(user_id=tom, basis_points=1000), admin)
    school.handle(SetTeacherFee(user_id=tom, basis_points=None), admin)

    taken_back, given = school.audit()[:2]
    assert (given.action, given.subject) == ("teacher_fee_set", tom)
    assert (given.actor_id, given.request_id) == (admin.user_id, "req_1")
    assert (given.before, given.after) == ({}, {"fee_basis_points": "1000"})
    assert (taken_back.before, taken_back.after) == ({"fee_basis_points": "1000"}, {})
    assert school.handle(GetUser(user_id=tom), admin).user.fee_basis_points is None


@pytest.mark.parametrize("basis_points", [-1, 10_001])
def test_a_rate_is_between_nothing_and_all(basis_points: int) -> None:
    school = School()
    tom, admin = the_id(school.teacher()), school.admin()

    with pytest.raises(InvalidField):
        school.handle(SetTeacherFee(user_id=tom, basis_points=basis_points), admin)

    assert [entry.action for entry in school.audit()] == ["admin_created"]


def test_a_student_has_no_rate() -> None:
    school = School()
    ada, admin = the_id(school.student()), school.admin()

    with pytest.raises(InvalidField, match="Only a teacher"):
        school.handle(SetTeacherFee(user_id=ada, basis_points=1000), admin)


def test_a_teacher_does_not_set_their_own_rate() -> None:
    school = School()
    tom = school.teacher()

    with pytest.raises(Forbidden):
        school.handle(SetTeacherFee(user_id=the_id(tom), basis_points=0), tom)


# --- The audit log -------------------------------------------------------------------------------


def test_staff_read_the_audit_log() -> None:
    school = School()
    admin = school.admin()

    (entry,) = school.handle(ListAudit(page=PageRequest(limit=10)), admin).items

    assert school.handle(GetAudit(audit_id=entry.id), admin) == entry


def test_an_entry_that_is_not_there_is_not_found() -> None:
    school = School()

    with pytest.raises(NotFound):
        school.handle(GetAudit(audit_id=AuditId("aud_gone")), school.admin())
