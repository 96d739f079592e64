"""People, their sessions, and what staff change of them."""

from application.commands import Actor
from application.people import EnsureAdmin
from entrypoints.http.controllers import people
from entrypoints.http.endpoints import Endpoint
from entrypoints.simulation.client import code_of
from tests.crash.requests import Later, Request
from tests.crash.stage import Scene, Stage
from tests.crash.whole import Tally
from tests.market import PASSWORD, the_id

NOBODY = Actor()
SAM = {"email": "sam@school.test", "password": PASSWORD}


def registering_and_logging_in(stage: Stage) -> Scene:
    register = stage.request(NOBODY, people.register, {**SAM, "name": "Sam", "role": "student"})
    log_in = stage.request(NOBODY, people.log_in, SAM)

    def is_known() -> None:
        # Without a key, who asks again learns that the address is taken: by themselves.
        assert register.answer is None or code_of(register.answer) in {"", "email_taken"}

    return Scene((register, is_known, log_in, stage.settle), Tally())


def staying_logged_in_and_logging_out(stage: Stage) -> Scene:
    stage.student()
    log_in = stage.request(NOBODY, people.log_in, SAM)
    refresh = Later(lambda: _with_token(stage, people.refresh_session, log_in))
    log_out = Later(lambda: _with_token(stage, people.log_out, log_in))
    return Scene((log_in, refresh, log_out, stage.settle), Tally())


def taking_another_name(stage: Stage) -> Scene:
    rename = stage.request(stage.student(), people.rename_me, {"name": "Samuel"})
    return Scene((rename, stage.settle), Tally())


def agreeing_on_another_fee(stage: Stage) -> Scene:
    teacher = stage.teacher()
    body = {"fee_basis_points": 900}
    change = stage.request(stage.admin(), people.set_teacher_fee, body, user_id=the_id(teacher))
    return Scene((change, stage.settle), Tally())


def making_somebody_staff(stage: Stage) -> Scene:
    command = EnsureAdmin(email="ann@school.test", password=PASSWORD, name="Ann")
    return Scene((lambda: stage.do(command), stage.settle), Tally())


def _with_token(stage: Stage, endpoint: Endpoint, log_in: Request) -> Request:
    return stage.request(NOBODY, endpoint, {"refresh_token": log_in.result()["refresh_token"]})
