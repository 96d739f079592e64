"""What a password costs, and that the cost tells nobody which addresses are known.

Work is counted at the ports, never timed: a clock proves nothing on a shared machine.
"""

from collections import Counter
from typing import Any

import pytest
from argon2 import Type, extract_parameters
from attrs import evolve, field, frozen

from adapters.passwords import Argon2Passwords
from application.commands import Command
from application.people import LogIn, Register
from domain.errors import DomainError
from domain.people import Role
from entrypoints.composition import compose
from entrypoints.settings import load_settings
from tests.application.school import PASSWORD, School

LEAST_MEMORY_KIB = 19 * 1024
LEAST_ROUNDS = 2


@frozen
class Counted:
    """The real hasher, and how often it worked."""

    real: Argon2Passwords
    work: Counter[str] = field(factory=Counter)

    def hash(self, password: str) -> str:
        """Hash."""
        self.work["hash"] += 1
        return self.real.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Verify."""
        self.work["verify"] += 1
        return self.real.verify(password_hash, password)

    def is_outdated(self, password_hash: str) -> bool:
        """Look at the parameters; that is no work."""
        return self.real.is_outdated(password_hash)


def test_the_installation_hashes_with_argon2id_and_at_least_19_mib_and_two_rounds() -> None:
    settings = load_settings({"TUITION_DATABASE_URL": "memory://"}, dotenv=None)
    with compose(settings) as installation:
        found = extract_parameters(installation.pieces.passwords.hash("correct horse battery"))

    assert found.type is Type.ID
    assert found.memory_cost >= LEAST_MEMORY_KIB
    assert found.time_cost >= LEAST_ROUNDS
    assert found.salt_len >= 16
    assert found.hash_len >= 32


@pytest.fixture
def school() -> School:
    school = School()
    school.student("Ada")
    school.teacher("Tim")
    return school


def _work_of(school: School, command: Command[Any]) -> Counter[str]:
    """Return what a command made the hasher and the storage do."""
    passwords = Counted(Argon2Passwords(memory_kib=8, rounds=1))
    units = Counter[str]()
    work = school.storage.work

    def counted(decide: Any) -> Any:
        units["units"] += 1
        return work(decide)

    school.passwords = passwords  # type: ignore[assignment]
    school.storage = evolve(school.storage, work=counted)
    try:
        school.handle(command)
    except DomainError:
        units["refused"] += 1
    return passwords.work + units


@pytest.mark.parametrize(
    "email",
    [
        "ada@school.org",
        "ADA@school.org",
        "tim@school.org",
        "eve@school.org",
        "eve@invalid",
        "",
        "@",
    ],
)
@pytest.mark.parametrize("password", ["wrong password", "", "x" * 200])
def test_a_refused_log_in_costs_the_same_whoever_it_was(
    school: School, email: str, password: str
) -> None:
    work = _work_of(school, LogIn(email=email, password=password))

    assert work == {"verify": 1, "units": 1, "refused": 1}


def test_a_log_in_that_succeeds_is_checked_once_too(school: School) -> None:
    work = _work_of(school, LogIn(email="ada@school.org", password=PASSWORD))

    assert (work["verify"], work["hash"], work["refused"]) == (1, 0, 0)


@pytest.mark.parametrize("email", ["ada@school.org", "new@school.org"])
def test_registering_costs_the_same_whether_the_address_is_taken(
    school: School, email: str
) -> None:
    command = Register(email=email, password=PASSWORD, name="Ada", role=Role.STUDENT)
    work = _work_of(school, command)

    assert (work["verify"], work["hash"], work["units"]) == (0, 1, 1)
