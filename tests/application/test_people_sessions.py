"""Logging in, staying so, and logging out."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from adapters.passwords import Argon2Passwords
from application.people import LoggedIn, LogIn, LogOut, RefreshSession, authenticated
from domain.errors import NotAuthenticated, TokenExpired
from domain.people import Role
from tests.application.school import PASSWORD, School

LOG_IN = LogIn(email="ada@school.org", password=PASSWORD)


def a_school_with_ada() -> School:
    school = School()
    school.student("Ada")
    return school


def refreshed(school: School, so_far: LoggedIn) -> LoggedIn:
    return school.handle(RefreshSession(refresh_token=so_far.refresh_token))


def is_refused(school: School, so_far: LoggedIn) -> bool:
    try:
        refreshed(school, so_far)
    except NotAuthenticated:
        return True
    return False


# --- Logging in ----------------------------------------------------------------------------------


def test_who_logs_in_is_known_by_their_token() -> None:
    school = a_school_with_ada()

    session = school.handle(LOG_IN)

    actor = authenticated(
        school.tokens, session.access_token, address="192.0.2.1", request_id="req_7"
    )
    assert (actor.user_id, actor.role) == (session.user.id, Role.STUDENT)
    assert (actor.address, actor.request_id) == ("192.0.2.1", "req_7")
    assert session.expires_in_seconds == 900


@pytest.mark.parametrize("email", ["ADA@school.org", " ada@SCHOOL.org "])
def test_an_address_logs_in_in_any_case_of_letters(email: str) -> None:
    assert a_school_with_ada().handle(evolve(LOG_IN, email=email)).user.name == "Ada"


def test_the_refresh_token_is_kept_as_a_hash_only() -> None:
    school = a_school_with_ada()

    token = school.handle(LOG_IN).refresh_token

    found = school.storage.work(lambda unit: unit.sessions.by_token_hash(token))
    assert found is None


def test_no_token_shows_in_a_repr() -> None:
    session = a_school_with_ada().handle(LOG_IN)

    assert session.access_token not in repr(session)
    assert session.refresh_token not in repr(session)
    assert PASSWORD not in repr(LOG_IN)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "lots of Practice"},
        {"password": ""},
        {"password": "x" * 100_000},
        {"email": "eve@school.org"},
        {"email": "not an address"},
        {"email": "ada@school.org\x00"},
        {"email": "", "password": ""},
    ],
    ids=["password", "empty", "long", "address", "no address", "NUL", "nothing"],
)
def test_whatever_is_wrong_is_refused_with_the_same_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        a_school_with_ada().handle(evolve(LOG_IN, **wrong))

    assert str(caught.value) == "The e-mail address or the password is wrong."
    assert caught.value.code == "not_authenticated"


@pytest.mark.parametrize("email", ["ada@school.org", "eve@school.org", "not an address"])
def test_a_refused_log_in_looks_up_and_checks_once_whoever_it_was(email: str) -> None:
    school = a_school_with_ada()
    checked: list[str | None] = []
    real = school.passwords.verify

    def verify(password_hash: str | None, password: str) -> bool:
        checked.append(password_hash)
        return real(password_hash, password)

    school.passwords.verify = verify  # type: ignore[method-assign]

    with pytest.raises(NotAuthenticated):
        school.handle(evolve(LOG_IN, email=email, password="wrong password"))

    assert len(checked) == 1


def test_a_log_in_raises_an_outdated_hash_to_todays_parameters() -> None:
    school = a_school_with_ada()
    school.passwords = Argon2Passwords(memory_kib=16, rounds=1)

    user = school.handle(LOG_IN).user

    kept = school.storage.read(lambda views: views.users.find(user.id))
    assert kept is not None
    assert "m=16,t=1" in kept.password_hash
    assert school.handle(LOG_IN).user.id == user.id


# --- Refreshing ----------------------------------------------------------------------------------


def test_a_refresh_token_is_exchanged_for_another_pair() -> None:
    school = a_school_with_ada()
    first = school.handle(LOG_IN)

    second = refreshed(school, first)

    assert second.user == first.user
    assert second.refresh_token != first.refresh_token
    assert authenticated(school.tokens, second.access_token).user_id == first.user.id


def test_a_session_goes_on_as_long_as_it_is_refreshed() -> None:
    school = a_school_with_ada()
    session = school.handle(LOG_IN)

    for _ in range(3):
        school.wall.advance(timedelta(days=29))
        session = refreshed(school, session)

    assert session.user.name == "Ada"


def test_a_token_used_twice_revokes_the_whole_family_although_it_is_refused() -> None:
    school = a_school_with_ada()
    first = school.handle(LOG_IN)
    second = refreshed(school, first)

    assert is_refused(school, first)

    assert is_refused(school, second)


def test_another_log_in_survives_what_happens_to_this_one() -> None:
    school = a_school_with_ada()
    elsewhere, first = school.handle(LOG_IN), school.handle(LOG_IN)
    refreshed(school, first)
    assert is_refused(school, first)

    assert refreshed(school, elsewhere).user.name == "Ada"


def test_a_session_that_was_not_refreshed_for_a_month_has_expired() -> None:
    school = a_school_with_ada()
    session = school.handle(LOG_IN)
    school.wall.advance(timedelta(days=30))

    with pytest.raises(TokenExpired):
        refreshed(school, session)


def test_the_test_clock_does_not_age_a_session() -> None:
    school = a_school_with_ada()
    session = school.handle(LOG_IN)
    school.clock.advance(timedelta(days=365))

    assert refreshed(school, session).user.name == "Ada"


@pytest.mark.parametrize("token", ["", "unknown", "\ud800", "x" * 10_000])
def test_an_unknown_refresh_token_is_refused(token: str) -> None:
    with pytest.raises(NotAuthenticated):
        a_school_with_ada().handle(RefreshSession(refresh_token=token))


def test_an_access_token_is_no_refresh_token() -> None:
    school = a_school_with_ada()
    session = school.handle(LOG_IN)

    with pytest.raises(NotAuthenticated):
        school.handle(RefreshSession(refresh_token=session.access_token))


# --- Logging out ---------------------------------------------------------------------------------


def test_after_logging_out_nothing_can_be_refreshed() -> None:
    school = a_school_with_ada()
    first = school.handle(LOG_IN)
    second = refreshed(school, first)

    school.handle(LogOut(refresh_token=second.refresh_token))

    assert is_refused(school, second)


def test_logging_out_twice_is_no_error() -> None:
    school = a_school_with_ada()
    session = school.handle(LOG_IN)

    for _ in range(2):
        school.handle(LogOut(refresh_token=session.refresh_token))


def test_logging_out_with_an_unknown_token_is_no_error() -> None:
    School().handle(LogOut(refresh_token="unknown"))
