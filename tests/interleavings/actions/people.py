"""Registering, and staying logged in."""

from application.commands import Actor
from application.ports.records import Answer
from entrypoints.http.controllers import people
from tests.interleavings.ground import Ground
from tests.market import PASSWORD


def _registers(ground: Ground, role: str, email: str) -> Answer:
    body = {"email": email, "password": PASSWORD, "name": "Pat", "role": role}
    return ground.ask(Actor(), people.register, body)


def pat_registers_as_a_student(ground: Ground) -> Answer:
    return _registers(ground, "student", "pat@school.test")


def pat_registers_as_a_teacher(ground: Ground) -> Answer:
    return _registers(ground, "teacher", "Pat@School.test")


def session_is_refreshed(ground: Ground) -> Answer:
    body = {"refresh_token": ground.named["refresh_token"]}
    return ground.ask(Actor(), people.refresh_session, body)


def session_is_ended(ground: Ground) -> Answer:
    return ground.ask(Actor(), people.log_out, {"refresh_token": ground.named["refresh_token"]})


def somebody_uses_the_old_token(ground: Ground) -> Answer:
    return ground.ask(
        Actor(), people.refresh_session, {"refresh_token": ground.named["used_token"]}
    )
