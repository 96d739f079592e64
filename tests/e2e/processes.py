"""Real processes on real databases, for the tests beside this module."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from attrs import frozen

from entrypoints.demo.api import Api, Caller
from entrypoints.demo.running import RunningServer, clean_environment, command, running_server
from entrypoints.demo_people import PASSWORD, STUDENT, TEACHER

PATIENCE_SECONDS = 60


@frozen(kw_only=True)
class Place:
    """A database that processes share, and a directory that they run in."""

    directory: Path
    environment: Mapping[str, str]

    @classmethod
    def at(cls, directory: Path, database_url: str | None = None) -> "Place":
        """Return a place with an empty database, in SQLite unless another is named."""
        url = database_url or f"sqlite:///{directory / 'tuition.db'}"
        environment = {
            **clean_environment(url),
            "TUITION_LOG_LEVEL": "info",
            "TUITION_RATE_LIMITS": "off",
        }
        return cls(directory=directory, environment=environment)

    def serve(self, *arguments: str) -> AbstractContextManager[RunningServer]:
        """Run a server."""
        return running_server(self.environment, self.directory, *arguments)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another command to its end."""
        return subprocess.run(
            command(*arguments),
            env=dict(self.environment),
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a worker beside the server, and end it with the block."""
        with (self.directory / "worker.log").open("w") as log:
            process = subprocess.Popen(
                command("worker"),
                env=dict(self.environment),
                cwd=self.directory,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


@frozen(kw_only=True)
class Lesson:
    """A booking that is being paid."""

    booking: str
    payment: str
    intent: str


def student_of(api: Api) -> Caller:
    """Return the demonstration's student."""
    return api.log_in(STUDENT, PASSWORD)


def teacher_of(api: Api) -> Caller:
    """Return the demonstration's teacher."""
    return api.log_in(TEACHER, PASSWORD)


def booked(student: Caller, *, days: int = 3) -> str:
    """Book the demonstration's gig."""
    gig = student.get("/gigs")["items"][0]["id"]
    now = datetime.fromisoformat(student.api.ask("GET", "/test/clock")["now"])
    starts_at = (now + timedelta(days=days)).isoformat().replace("+00:00", "Z")
    body = {"gig_id": gig, "starts_at": starts_at, "duration_minutes": 60}
    return str(student.post("/bookings", body)["id"])


def about_to_pay(student: Caller, *, days: int = 3) -> Lesson:
    """Book a lesson and begin to pay for it."""
    booking = booked(student, days=days)
    intent = student.post("/payments/create-payment-intent", {"booking_id": booking})
    return Lesson(booking=booking, payment=intent["payment_id"], intent=intent["payment_intent_id"])


def paid_in_browser(student: Caller, lesson: Lesson) -> None:
    """Do what Stripe.js does; the webhook is to follow by itself."""
    path = f"/test/payment-intents/{lesson.intent}/confirm"
    student.api.ask("POST", path, {"payment_method": "pm_card_visa"})


def eventually(is_so: Callable[[], bool], what: str) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"{what} never happened"
        time.sleep(0.02)


def answers(url: str) -> bool:
    """Tell whether a server is ready."""
    try:
        return httpx.get(f"{url}/health/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
