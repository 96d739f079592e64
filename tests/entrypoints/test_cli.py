import io
import json
import os
import socket
import sqlite3
from importlib.metadata import version
from pathlib import Path

import pytest

from entrypoints.cli import DONE, MISUSE, WRONG, main
from entrypoints.cli.serving import curl_line

pytestmark = pytest.mark.usefixtures("logging_as_it_was")

PRODUCTION = {
    "TUITION_ENV": "production",
    "TUITION_JWT_SECRET": "9f2c71d08b4e6a35c0d7e1f2b38a4c59d6e07f18",
    "STRIPE_SECRET_KEY": "sk_live_51HxyzAbCdEfGh",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_51HxyzAbCdEfGh",
    "STRIPE_WEBHOOK_SECRET": "whsec_9f2c71d08b4e6a35c0d7",
    "TUITION_PUBLIC_URL": "https://pay.school.org",
}


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in a directory and an environment that say nothing."""
    for name in list(os.environ):
        if name.startswith(("TUITION_", "STRIPE_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_settings_that_cannot_be_used_are_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUITION_PORT", "many")
    monkeypatch.setenv("TUITION_ENV", "staging")
    assert main(["migrate"]) == MISUSE
    complaint = capsys.readouterr().err
    assert "TUITION_PORT" in complaint
    assert "TUITION_ENV" in complaint


def test_an_unknown_command_is_misuse() -> None:
    with pytest.raises(SystemExit) as left:
        main(["launder"])
    assert left.value.code == MISUSE


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_misuse(port: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["serve", f"--port={port}"])
    assert left.value.code == MISUSE


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == DONE
    assert capsys.readouterr().out == f"tuition {version('tuition')}\n"


def test_migrating_twice_is_no_work(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == DONE
    assert main(["migrate"]) == DONE
    assert capsys.readouterr().out == "The schema is current now.\nThe schema is current.\n"
    assert (workplace / "tuition.db").exists()


def test_a_member_of_staff_is_made_from_a_piped_password(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
        assert main(["create-admin", "boss@school.org", "--password-stdin"]) == DONE
    first, second = capsys.readouterr().out.splitlines()
    assert first == "boss@school.org is staff now."
    assert second == "boss@school.org is staff already; the password stays as it was."
    with sqlite3.connect(workplace / "tuition.db") as connection:
        assert connection.execute("SELECT email, role FROM users").fetchall() == [
            ("boss@school.org", "admin")
        ]


def test_a_short_password_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["create-admin", "boss@school.org", "--password-stdin"]) == WRONG
    assert "at least 10 characters" in capsys.readouterr().err


def test_a_password_that_nobody_can_type_is_asked_for_in_another_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nobody(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("entrypoints.cli.admins.getpass", nobody)
    assert main(["create-admin", "boss@school.org"]) == MISUSE
    assert "--password-stdin" in capsys.readouterr().err


def test_a_worker_finishes_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worker", "--once"]) == DONE
    assert capsys.readouterr().out.endswith("nothing is left.\n")


@pytest.mark.parametrize("command", [["worker", "--once"], ["create-admin", "a@b.org"]])
def test_what_needs_a_lasting_database_refuses_memory(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUITION_DATABASE_URL", "memory://")
    assert main(command) == MISUSE
    assert "memory://" in capsys.readouterr().err


def test_several_processes_need_postgresql(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--workers", "2"]) == MISUSE
    assert "PostgreSQL" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == WRONG
    assert f"127.0.0.1:{port} is taken by another program" in capsys.readouterr().err


def test_production_does_not_touch_a_schema_that_is_behind(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    (workplace / "tuition.db").touch()
    assert main(["serve", "--port", "0"]) == WRONG
    captured = capsys.readouterr()
    assert captured.err == (
        "tuition serve: The database's schema is not the one that this version needs: "
        "run `tuition migrate` first.\n"
    )


@pytest.mark.parametrize(
    ("environment", "command"),
    [
        (PRODUCTION, ["serve", "--port", "0"]),
        (PRODUCTION, ["worker", "--once"]),
        (PRODUCTION, ["create-admin", "boss@school.org", "--password-stdin"]),
        (PRODUCTION, ["verify"]),
        ({}, ["verify"]),
    ],
)
def test_what_does_not_migrate_makes_no_database(
    environment: dict[str, str],
    command: list[str],
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    assert main(command) == WRONG
    assert capsys.readouterr().err == (
        f"tuition {command[0]}: There is no database at sqlite:///tuition.db: "
        "run `tuition migrate` first.\n"
    )
    assert list(workplace.iterdir()) == []


def test_books_that_are_right_are_proved(capsys: pytest.CaptureFixture[str]) -> None:
    main(["migrate"])
    assert main(["verify"]) == DONE
    assert "The books are right." in capsys.readouterr().out


def test_a_database_without_a_schema_is_not_verified(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify"]) == WRONG
    assert "tuition migrate" in capsys.readouterr().err


def test_books_that_are_wrong_are_told_to_scripts_too(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["migrate"])
    with sqlite3.connect(workplace / "tuition.db") as connection:
        connection.execute(
            "INSERT INTO ledger_entries (key, kind, at) "
            "VALUES ('made_up:1', 'made_up', '2026-03-02T09:00:00.000000+00:00')"
        )
        connection.executemany(
            "INSERT INTO ledger_lines SELECT seq, ?, ?, 'usd', ? FROM ledger_entries",
            [(0, "cash:gateway", 500), (1, "suspense", -500)],
        )
    capsys.readouterr()
    assert main(["verify", "--json"]) == WRONG
    answer = json.loads(capsys.readouterr().out)
    assert answer["clean"] is False
    assert [finding["invariant"] for finding in answer["findings"]] == ["I3"], answer
    assert answer["cash"] == {"books": {"usd": 500}, "gateway": {}}
    assert answer["chain"] is None


@pytest.mark.parametrize("words", [["verify", "--loudly"], ["verify", "tuition.db"]])
def test_verification_that_is_asked_for_in_other_words_is_misuse(words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == MISUSE


def test_verification_with_settings_that_cannot_be_used_is_misuse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUITION_DATABASE_URL", "mysql://somewhere")
    assert main(["verify"]) == MISUSE
    assert "TUITION_DATABASE_URL" in capsys.readouterr().err


def test_what_is_wrong_is_told_to_people_with_what_and_where(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["migrate"])
    with sqlite3.connect(workplace / "tuition.db") as connection:
        connection.execute("INSERT INTO ledger_head VALUES (1, 3, 'f00d')")
    capsys.readouterr()
    assert main(["verify"]) == WRONG
    lines = capsys.readouterr().out.splitlines()
    assert "✗ I2  the hash chain: ends at 0 with the beginning; its head says 3: 3 cut off" in lines
    assert "The hash chain ends at 3: f00d." in lines
    assert lines[-1] == "✗ 1 thing is wrong."


def test_the_schema_of_the_api_is_printed_without_a_database(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["openapi"]) == DONE
    schema = json.loads(capsys.readouterr().out)
    assert schema["openapi"].startswith("3.1")
    assert "/api/v1/bookings" in schema["paths"]
    assert not (workplace / "tuition.db").exists()


def test_with_stripe_the_schema_has_nothing_of_test_mode(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_51HxyzAbCdEfGh")
    main(["openapi"])
    paths = json.loads(capsys.readouterr().out)["paths"]
    assert not any("/test/" in path for path in paths)


def test_the_curl_line_can_be_pasted() -> None:
    line = curl_line("http://127.0.0.1:8000")
    assert line.startswith("curl http://127.0.0.1:8000/api/v1/auth/login ")
    assert line.count("'") % 2 == 0
