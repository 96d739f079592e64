"""A platform in memory for tests of use cases: storage, clocks and chance, and one door."""

from typing import Any, TypeVar, get_type_hints

import attrs

from adapters.clock import ManualClock
from adapters.ids import SeededIds, SeededRandomness
from adapters.memory import memory_storage
from adapters.passwords import Argon2Passwords
from adapters.tokens import JwtTokens
from application.bus import HANDLERS
from application.commands import SYSTEM, Actor, Command
from application.people import EnsureAdmin, Register
from application.ports.clock import Clock, WallClock
from application.ports.ids import Ids, Randomness
from application.ports.records import AuditEntry
from application.ports.storage import AuditFilter, PageRequest, Reader, UnitOfWork
from application.ports.tokens import Passwords, Tokens
from application.rules import PlatformRules
from domain.ids import UserId
from domain.people import Role
from tests.builders import NOW

R = TypeVar("R")

PASSWORD = "lots of practice"
ANYBODY = Actor()


class School:
    """Everything real but the storage (in memory), the clocks and chance (still, and seeded)."""

    def __init__(self, rules: PlatformRules | None = None) -> None:
        self.clock = ManualClock(NOW)
        self.wall = ManualClock(NOW)
        self.ids = SeededIds(self.wall)
        self.randomness = SeededRandomness()
        self.storage = memory_storage(self.ids)
        self.passwords = Argon2Passwords(memory_kib=8, rounds=1)
        self.rules = rules or PlatformRules()
        self.tokens = JwtTokens(key=b"k" * 32, wall=self.wall, randomness=self.randomness)

    def handle(self, command: Command[R], actor: Actor = ANYBODY) -> R:
        """Carry a command out, by a handler that is put together for it."""
        result: R = self._made(HANDLERS[type(command)])(command, actor)
        return result

    def _made(self, wanted: Any) -> Any:
        """Return what a constructor asks for: a port, or a class whose fields are made likewise."""
        ports: dict[Any, Any] = {
            UnitOfWork: self.storage.work,
            Reader: self.storage.read,
            Clock: self.clock,
            WallClock: self.wall,
            Ids: self.ids,
            Randomness: self.randomness,
            Passwords: self.passwords,
            Tokens: self.tokens,
            PlatformRules: self.rules,
        }
        if wanted in ports:
            return ports[wanted]
        hints = get_type_hints(wanted)
        return wanted(**{each.name: self._made(hints[each.name]) for each in attrs.fields(wanted)})

    # --- Its people ------------------------------------------------------------------------

    def student(self, name: str = "Ada") -> Actor:
        """Register a student."""
        return self._registered(name, Role.STUDENT)

    def teacher(self, name: str = "Tom") -> Actor:
        """Register a teacher."""
        return self._registered(name, Role.TEACHER)

    def admin(self, name: str = "Root") -> Actor:
        """Make a member of staff."""
        email = f"{name.lower()}@school.org"
        made = self.handle(EnsureAdmin(email=email, password=PASSWORD, name=name), SYSTEM)
        return Actor(user_id=made.user_id, role=Role.ADMIN, request_id="req_1")

    def _registered(self, name: str, role: Role) -> Actor:
        email = f"{name.lower()}@school.org"
        user_id = self.handle(Register(email=email, password=PASSWORD, name=name, role=role))
        return Actor(user_id=user_id, role=role)

    def audit(self) -> tuple[AuditEntry, ...]:
        """Return what staff did, newest first."""
        page = self.storage.read(lambda views: views.audit.list(AuditFilter(), PageRequest()))
        return page.items


def the_id(actor: Actor) -> UserId:
    """Return the id of somebody who has one."""
    assert actor.user_id is not None
    return actor.user_id
