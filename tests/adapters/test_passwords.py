"""Password hashes."""

import re
from threading import Thread

import pytest

from adapters.passwords import Argon2Passwords

CHEAP = Argon2Passwords(memory_kib=8, rounds=1)


def test_a_password_matches_its_own_hash() -> None:
    assert CHEAP.verify(CHEAP.hash("correct horse battery"), "correct horse battery")


@pytest.mark.parametrize("wrong", ["", "correct horse batterY", "correct horse battery "])
def test_another_password_does_not(wrong: str) -> None:
    assert not CHEAP.verify(CHEAP.hash("correct horse battery"), wrong)


def test_the_same_password_never_has_the_same_hash() -> None:
    assert CHEAP.hash("correct horse battery") != CHEAP.hash("correct horse battery")


def test_hashes_are_argon2id_with_19_mib_two_rounds_and_one_lane() -> None:
    assert Argon2Passwords().hash("correct horse").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_nobody_has_any_password() -> None:
    assert not CHEAP.verify(None, "correct horse battery")


def test_checking_nobodys_password_computes_a_hash_of_the_same_cost() -> None:
    passwords = Argon2Passwords(memory_kib=64, rounds=1)
    shape = re.compile(r"\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}")

    assert shape.fullmatch(passwords.hash("correct horse"))
    assert shape.fullmatch(passwords._nobodys_hash)


def test_two_installations_do_not_share_nobodys_hash() -> None:
    assert Argon2Passwords()._nobodys_hash != Argon2Passwords()._nobodys_hash


@pytest.mark.parametrize(
    "broken",
    ["", "secret", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "$2b$12$abcdefghijklmnopqrstuv"],
)
def test_a_hash_that_is_none_matches_nothing(broken: str) -> None:
    assert not CHEAP.verify(broken, "secret")
    assert CHEAP.is_outdated(broken)


def test_a_hash_of_weaker_parameters_still_matches_and_is_outdated() -> None:
    old = CHEAP.hash("correct horse battery")
    today = Argon2Passwords(memory_kib=16, rounds=1)

    assert today.verify(old, "correct horse battery")
    assert today.is_outdated(old)
    assert not today.is_outdated(today.hash("correct horse battery"))


def test_a_letter_typed_in_two_ways_is_the_same_password() -> None:
    assert CHEAP.verify(CHEAP.hash("cafe\u0301 au lait"), "caf\u00e9 au lait")


def test_any_text_can_be_a_password() -> None:
    odd = "\ud800\x00 пароль 🔑"

    assert CHEAP.verify(CHEAP.hash(odd), odd)


def test_many_threads_take_turns() -> None:
    known = CHEAP.hash("correct horse battery")
    found: list[bool] = []
    threads = [
        Thread(target=lambda: found.append(CHEAP.verify(known, "correct horse battery")))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 12
