"""Real servers and workers: started, asked, killed, started again."""

import json
import shlex
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from attrs import evolve

from entrypoints.demo.api import Api
from tests.e2e.processes import (
    PATIENCE_SECONDS,
    Place,
    about_to_pay,
    answers,
    booked,
    eventually,
    paid_in_browser,
    student_of,
    teacher_of,
)


def _verified(place: Place) -> None:
    proof = place.run("verify", "--json")
    assert proof.returncode == 0, proof.stdout + proof.stderr
    assert json.loads(proof.stdout)["findings"] == []


def test_the_banner_names_people_and_a_line_that_works(sqlite_place: Place) -> None:
    with sqlite_place.serve() as server:
        banner = server.log.read_text()
        assert "student@tuition.test" in banner
        assert "tuition-demo-1" in banner
        (line,) = (each for each in banner.splitlines() if each.strip().startswith("curl"))
        _, url, _, header, _, body = shlex.split(line)
        name, _, value = header.partition(": ")
        answer = httpx.post(url, content=body, headers={name: value})
        assert answer.status_code == 200
        assert answer.json()["user"]["email"] == "student@tuition.test"


def test_a_lesson_is_paid_and_the_webhook_follows_by_itself(place: Place) -> None:
    with place.serve() as server, Api(server.url) as api:
        student = student_of(api)
        lesson = about_to_pay(student)
        paid_in_browser(student, lesson)
        payment = student.wait_for(
            f"/payments/{lesson.payment}", lambda each: each["status"] == "succeeded"
        )
        assert payment["amount"] == "40.00"
        assert student.get(f"/bookings/{lesson.booking}")["payment_status"] == "paid"
    _verified(place)


def test_a_killed_server_loses_nothing(place: Place) -> None:
    with place.serve() as server, Api(server.url) as api:
        student = student_of(api)
        before = api.advance(days=1)
        lesson = about_to_pay(student)
        paid_in_browser(student, lesson)
        server.process.kill()
        server.process.wait(PATIENCE_SECONDS)
    with place.serve() as server, Api(server.url) as api:
        # The token is still good, time is where it was, and the webhook comes after all.
        again = evolve(student, api=api)
        again.wait_for(f"/payments/{lesson.payment}", lambda each: each["status"] == "succeeded")
        assert api.ask("GET", "/test/clock")["now"] >= before
        again.post(f"/bookings/{lesson.booking}/cancel", {"reason": "A cold."})
        assert again.get(f"/payments/{lesson.payment}")["refunded_amount"] == "40.00"
    _verified(place)


def test_asked_to_stop_it_answers_what_is_under_way_first(sqlite_place: Place) -> None:
    with sqlite_place.serve() as server, Api(server.url) as api:
        student = student_of(api)
        booking = booked(student)
        student.post(
            "/test/faults", {"method": "create_payment", "kind": "slow", "delay_seconds": 2}
        )
        with ThreadPoolExecutor(1) as pool:
            under_way = pool.submit(
                student.post, "/payments/create-payment-intent", {"booking_id": booking}
            )
            eventually(lambda: _is_paying(sqlite_place), "the call to the gateway")
            server.process.send_signal(signal.SIGTERM)
            answer = under_way.result(PATIENCE_SECONDS)
        assert answer["payment_intent_id"].startswith("pi_")
        assert server.process.wait(PATIENCE_SECONDS) == 0
    _verified(sqlite_place)


def _is_paying(place: Place) -> bool:
    """Tell whether the database knows of a payment that is being made at the gateway."""
    with closing(sqlite3.connect(place.directory / "tuition.db")) as connection:
        found = connection.execute("SELECT state FROM operations WHERE kind = 'payment.create'")
        return ("intent",) in found.fetchall()


def test_a_worker_of_its_own_does_the_work_and_stops_when_asked(place: Place) -> None:
    with place.serve("--no-worker") as server, Api(server.url) as api:
        student = student_of(api)
        lesson = about_to_pay(student)
        paid_in_browser(student, lesson)
        assert student.get(f"/payments/{lesson.payment}")["status"] == "pending"
        with place.worker() as worker:
            student.wait_for(
                f"/payments/{lesson.payment}", lambda each: each["status"] == "succeeded"
            )
            # Time that moves in the server moves in the worker too.
            api.advance(days=10)
            assert student.get(f"/bookings/{lesson.booking}")["status"] == "completed"
            standing = teacher_of(api).get("/earnings")["items"]
            assert [each["paid"] for each in standing] == ["34.00"]
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE_SECONDS) == 0
    assert "worker.stopped" in (place.directory / "worker.log").read_text()
    _verified(place)


def test_a_worker_that_runs_once_leaves_nothing(sqlite_place: Place) -> None:
    with sqlite_place.serve("--no-worker") as server, Api(server.url) as api:
        student = student_of(api)
        lesson = about_to_pay(student)
        paid_in_browser(student, lesson)
        once = sqlite_place.run("worker", "--once")
        assert once.returncode == 0
        assert "nothing is left" in once.stdout
        assert student.get(f"/payments/{lesson.payment}")["status"] == "succeeded"


@pytest.mark.postgres
def test_several_processes_serve_one_postgresql_database(postgresql_place: Place) -> None:
    with postgresql_place.serve("--workers", "2") as server, Api(server.url) as api:
        eventually(lambda: answers(server.url), "readiness")
        student = student_of(api)
        lesson = about_to_pay(student)
        paid_in_browser(student, lesson)
        student.wait_for(f"/payments/{lesson.payment}", lambda each: each["status"] == "succeeded")
        server.process.terminate()
        server.process.wait(PATIENCE_SECONDS)
        assert server.log.read_text().count("worker.started") == 2
    _verified(postgresql_place)


def test_two_servers_that_start_at_once_share_an_empty_database(place: Place) -> None:
    with ThreadPoolExecutor(2) as pool:

        def serve_and_log_in(_: int) -> str:
            with place.serve() as server, Api(server.url) as api:
                return student_of(api).id

        ids = list(pool.map(serve_and_log_in, range(2)))
    assert ids[0] == ids[1]


def test_the_demonstration_is_green_on_a_fresh_server(tmp_path: Path) -> None:
    told = Place.at(tmp_path).run("demo")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "402 card_declined" in told.stdout
    assert "The books are right." in told.stdout


def test_the_demonstration_is_green_against_a_running_server(place: Place) -> None:
    with place.serve() as server:
        told = place.run("demo", "--url", server.url)
    assert told.returncode == 0, told.stdout + told.stderr
    _verified(place)


def test_a_demonstration_without_a_server_ends_early(sqlite_place: Place) -> None:
    told = sqlite_place.run("demo", "--url", "http://127.0.0.1:9")
    assert told.returncode == 1
    assert "The story ended early." in told.stderr
