import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from entrypoints.logs import STRUCK, configure_logging, logger, redacted

SECRETS = (
    "sk_live_51H8xAbCdEf",
    "rk_test_51H8xAbCdEf",
    "whsec_abc123DEF",
    "pi_3Abc_secret_XyZ98",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c3IifQ.c2lnbmF0dXJl",
    "4242424242424242",
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
    "4242424242424242".translate({48 + n: 0xFF10 + n for n in range(10)}),
    "card4242424242424242.",
    "378282246310005",
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    written = io.StringIO()
    configure_logging("info", "json", stream=written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_inside_a_text_is_struck(secret: str) -> None:
    text = redacted(f"the call with {secret} failed")
    assert secret not in text
    assert STRUCK in text


@pytest.mark.parametrize(
    "text",
    [
        "payment pay_01j9z3 of booking bk_01j9z4 succeeded",
        "pk_test_abc is public",
        "charged 1234567890123456 which is no card number",
        "at 2026-03-02T09:00:00.000000Z",
        "from 127.0.0.1:8000",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_the_password_of_a_database_url_is_struck() -> None:
    assert (
        redacted("postgresql://app:hunter2@db/tuition") == f"postgresql://app:{STRUCK}@db/tuition"
    )


def test_a_card_number_that_is_a_number_is_struck(stream: io.StringIO) -> None:
    logger("t").info("typed", value=4242424242424242, amount=7500)
    (line,) = lines(stream)
    assert (line["value"], line["amount"]) == (STRUCK, 7500)


def test_members_with_a_secret_name_are_struck_whatever_they_hold(stream: io.StringIO) -> None:
    logger("t").info("asked", headers={"Authorization": "abc", "Accept": "*/*"}, password="x", n=1)
    (line,) = lines(stream)
    assert line["headers"] == {"Authorization": STRUCK, "Accept": "*/*"}
    assert line["password"] == STRUCK
    assert line["n"] == 1


def test_what_other_libraries_log_is_struck_too(stream: io.StringIO) -> None:
    logging.getLogger("elsewhere").warning("bad key %s", "sk_test_elsewhere1")
    (line,) = lines(stream)
    assert line["event"] == f"bad key {STRUCK}"


def test_a_traceback_is_struck_too(stream: io.StringIO) -> None:
    try:
        int("whsec_inside1")
    except ValueError:
        logger("t").exception("failed")
    (line,) = lines(stream)
    assert "whsec_inside1" not in stream.getvalue()
    assert "ValueError" in line["exception"]


def test_the_context_of_a_request_is_on_each_of_its_lines(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        logger("t").info("inside")
    logger("t").info("outside")
    inside, outside = lines(stream)
    assert inside["request_id"] == "req_1"
    assert "request_id" not in outside


def test_lines_below_the_level_are_not_written(stream: io.StringIO) -> None:
    logger("t").debug("unheard")
    assert lines(stream) == []


def test_the_console_format_is_readable() -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    written = io.StringIO()
    configure_logging("info", "console", stream=written)
    logger("t").info("worker.started", tasks=3)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    assert "worker.started" in written.getvalue()
    assert "tasks=3" in written.getvalue()
