"""People, their sessions, cards and connected accounts."""

import pytest
from attrs import evolve

from application.ports.storage import Storage
from domain.cards import SavedCard
from domain.errors import StaleWrite
from domain.people import EmailTaken
from tests.builders import (
    STUDENT,
    TEACHER,
    a_card,
    a_session,
    a_student,
    after,
    an_account,
)
from tests.contract.storage.keeping import ids_of, keep, keep_one
from tests.contract.storage.school import OTHER_STUDENT, OTHER_TEACHER

# --- Addresses ---


@pytest.mark.parametrize("asked", ["ada@example.com", "ADA@Example.COM", "aDa@example.com"])
def test_a_user_is_found_by_their_address_in_any_case(storage: Storage, asked: str) -> None:
    saved = keep_one(storage, a_student(email="Ada@Example.com"))
    assert storage.work(lambda unit: unit.users.by_email(asked)) == saved


def test_an_address_keeps_the_case_that_it_was_given_in(storage: Storage) -> None:
    keep(storage, a_student(email="Ada@Example.com"))
    assert storage.work(lambda unit: unit.users.get(STUDENT)).email == "Ada@Example.com"


def test_an_unknown_address_finds_nobody(storage: Storage) -> None:
    keep(storage, a_student(email="ada@example.com"))
    assert storage.work(lambda unit: unit.users.by_email("ada@example.org")) is None


def test_an_address_is_no_pattern(storage: Storage) -> None:
    keep(storage, a_student(email="ada@example.com"))
    assert storage.work(lambda unit: unit.users.by_email("%@example.com")) is None
    assert storage.work(lambda unit: unit.users.by_email("ad_@example.com")) is None


def test_an_address_is_taken_once_in_any_case(storage: Storage) -> None:
    keep(storage, a_student("usr_1", email="ada@example.com"))
    with pytest.raises(EmailTaken):
        keep(storage, a_student("usr_2", email="ADA@example.com"))
    assert storage.work(lambda unit: unit.users.find(a_student("usr_2").id)) is None


def test_an_address_is_taken_once_within_a_unit(storage: Storage) -> None:
    with pytest.raises(EmailTaken):
        keep(storage, a_student("usr_1", email="a@b.co"), a_student("usr_2", email="A@b.co"))


def test_nobody_can_change_to_an_address_that_is_taken(storage: Storage) -> None:
    keep(storage, a_student("usr_1", email="ada@example.com"))
    other = keep_one(storage, a_student("usr_2", email="bob@example.com"))
    with pytest.raises(EmailTaken):
        keep(storage, evolve(other, email="ada@example.com"))


def test_somebody_may_change_the_case_of_their_own_address(storage: Storage) -> None:
    saved = keep_one(storage, a_student(email="ada@example.com"))
    keep(storage, evolve(saved, email="Ada@example.com"))
    assert storage.work(lambda unit: unit.users.get(STUDENT)).email == "Ada@example.com"


def test_an_address_that_was_given_up_is_free_again(storage: Storage) -> None:
    saved = keep_one(storage, a_student("usr_1", email="ada@example.com"))
    keep(storage, evolve(saved, email="lovelace@example.com"))
    keep(storage, a_student("usr_2", email="ada@example.com"))
    found = storage.work(lambda unit: unit.users.by_email("ada@example.com"))
    assert found is not None
    assert found.id == "usr_2"


# --- Customers ---


def test_a_user_is_found_by_their_customer_at_the_gateway(school: Storage) -> None:
    student = school.work(lambda unit: unit.users.get(STUDENT))
    saved = keep_one(school, student.known_to_gateway_as("cus_1"))
    assert school.work(lambda unit: unit.users.by_gateway_customer("cus_1")) == saved
    assert school.work(lambda unit: unit.users.by_gateway_customer("cus_2")) is None


def test_a_customer_at_the_gateway_stands_for_one_user(school: Storage) -> None:
    student, other = school.work(
        lambda unit: (unit.users.get(STUDENT), unit.users.get(OTHER_STUDENT))
    )
    keep(school, student.known_to_gateway_as("cus_1"))
    with pytest.raises(StaleWrite):
        keep(school, other.known_to_gateway_as("cus_1"))


# --- Sessions ---


def test_a_session_is_found_by_the_hash_of_its_token(school: Storage) -> None:
    saved = keep_one(school, a_session("ses_1", token_hash="aa"))
    keep(school, a_session("ses_2", token_hash="bb"))
    assert school.work(lambda unit: unit.sessions.by_token_hash("aa")) == saved
    assert school.work(lambda unit: unit.sessions.by_token_hash("cc")) is None


def test_a_family_is_its_sessions(school: Storage) -> None:
    keep(
        school,
        a_session("ses_1", family="fam_1"),
        a_session("ses_2", family="fam_1", created_at=after(hours=1)),
        a_session("ses_3", family="fam_2"),
    )
    family = school.work(lambda unit: unit.sessions.of_family("fam_1"))
    assert sorted(ids_of(family)) == ["ses_1", "ses_2"]
    assert school.work(lambda unit: unit.sessions.of_family("fam_3")) == ()


def test_a_token_has_one_session(school: Storage) -> None:
    keep(school, a_session("ses_1", token_hash="aa"))
    with pytest.raises(StaleWrite):
        keep(school, a_session("ses_2", token_hash="aa"))


# --- Cards ---


@pytest.fixture
def wallet(school: Storage) -> Storage:
    """Lend a storage with cards of every sort."""
    keep(
        school,
        a_card("card_old"),
        a_card("card_new", is_default=False, created_at=after(hours=2)),
        a_card("card_unlisted", is_default=False, is_listed=False, created_at=after(hours=1)),
        a_card("card_gone", is_default=False, created_at=after(hours=3), removed_at=after(hours=4)),
        a_card("card_other", student_id=OTHER_STUDENT),
    )
    return school


def test_a_students_cards_are_newest_first_with_unlisted_and_without_removed_ones(
    wallet: Storage,
) -> None:
    cards = wallet.work(lambda unit: unit.cards.of_student(STUDENT))
    assert ids_of(cards) == ["card_new", "card_unlisted", "card_old"]


def test_cards_of_one_instant_are_in_the_order_of_their_ids(school: Storage) -> None:
    keep(school, a_card("card_1", is_default=False), a_card("card_2"))
    cards = school.work(lambda unit: unit.cards.of_student(STUDENT))
    assert ids_of(cards) == ["card_2", "card_1"]


def test_a_student_reads_their_listed_cards_newest_first(wallet: Storage) -> None:
    cards = wallet.read(lambda views: views.people.cards(STUDENT))
    assert ids_of(cards) == ["card_new", "card_old"]


def test_a_card_is_found_by_its_gateway_id_even_when_it_is_removed(wallet: Storage) -> None:
    def find(gateway_id: str) -> SavedCard | None:
        return wallet.work(lambda unit: unit.cards.by_gateway_id(gateway_id))

    found, gone, absent = find("pm_card_old"), find("pm_card_gone"), find("pm_absent")
    assert ids_of([found, gone]) == ["card_old", "card_gone"]
    assert absent is None


def test_a_card_of_the_gateway_is_on_file_once(school: Storage) -> None:
    keep(school, a_card("card_1", gateway_id="pm_1"))
    with pytest.raises(StaleWrite):
        keep(school, a_card("card_2", gateway_id="pm_1"))


def test_a_removed_card_can_be_read_by_its_id(wallet: Storage) -> None:
    card = wallet.read(lambda views: views.people.card(a_card("card_gone").id))
    assert card is not None
    assert card.removed_at == after(hours=4)
    assert wallet.read(lambda views: views.people.card(a_card("card_absent").id)) is None


# --- Connected accounts ---


def test_an_account_is_found_by_its_gateway_id(school: Storage) -> None:
    saved = keep_one(school, an_account(TEACHER, gateway_id="acct_1"))
    keep(school, an_account(OTHER_TEACHER, gateway_id=None))
    assert school.work(lambda unit: unit.accounts.by_gateway_id("acct_1")) == saved
    assert school.work(lambda unit: unit.accounts.by_gateway_id("acct_2")) is None


def test_an_account_of_the_gateway_is_one_teachers(school: Storage) -> None:
    keep(school, an_account(TEACHER, gateway_id="acct_1"))
    with pytest.raises(StaleWrite):
        keep(school, an_account(OTHER_TEACHER, gateway_id="acct_1"))


def test_many_accounts_may_wait_for_their_gateway_id(school: Storage) -> None:
    keep(school, an_account(TEACHER, gateway_id=None), an_account(OTHER_TEACHER, gateway_id=None))
    assert school.read(lambda views: views.people.account(OTHER_TEACHER)) is not None


def test_a_teachers_account_can_be_read(school: Storage) -> None:
    saved = keep_one(school, an_account(TEACHER))
    assert school.read(lambda views: views.people.account(TEACHER)) == saved
    assert school.read(lambda views: views.people.account(OTHER_TEACHER)) is None


# --- Addresses to read ---


def test_the_addresses_of_users_are_read_together(school: Storage) -> None:
    asked = (STUDENT, TEACHER, STUDENT, a_student("usr_absent").id)
    assert school.read(lambda views: views.people.emails(asked)) == {
        STUDENT: "student@example.com",
        TEACHER: "teacher@example.com",
    }


def test_of_nobody_there_are_no_addresses(school: Storage) -> None:
    assert school.read(lambda views: views.people.emails([])) == {}
