"""What `compose.yaml` hands to the containers."""

import re
from pathlib import Path

import pytest
from uvicorn.middleware.proxy_headers import _TrustedHosts

COMPOSE = (Path(__file__).resolve().parents[2] / "compose.yaml").read_text()
SHARED = COMPOSE.partition("x-tuition:")[2].partition("\nservices:")[0]
"""What server, worker and migration have in common."""

PASSED = dict(re.findall(r"^    ([A-Z_]+): (.+)$", SHARED, re.MULTILINE))


def test_the_whole_env_file_is_passed_and_may_be_absent() -> None:
    assert re.search(
        r"^  env_file:\n    - path: \.env\n      required: false$", SHARED, re.MULTILINE
    )


def test_what_is_named_takes_no_setting_of_the_env_file_away() -> None:
    decided_here = {name for name, value in PASSED.items() if not value.startswith(f"${{{name}:-")}
    assert decided_here == {
        "TUITION_DATABASE_URL",
        "TUITION_HOST",
        "TUITION_PORT",
        "TUITION_LOG_FORMAT",
    }


def test_the_port_inside_is_the_one_that_is_published_whatever_it_is_outside() -> None:
    assert PASSED["TUITION_PORT"] == '"8000"'
    assert "127.0.0.1:${TUITION_PORT:-8000}:8000" in COMPOSE
    assert PASSED["TUITION_HOST"] == "0.0.0.0"


@pytest.mark.parametrize(
    ("peer", "is_believed"), [("172.18.0.1", True), ("127.0.0.1", True), ("203.0.113.7", False)]
)
def test_a_proxy_that_comes_over_the_bridge_is_believed(peer: str, *, is_believed: bool) -> None:
    trusted = PASSED["FORWARDED_ALLOW_IPS"].removeprefix("${FORWARDED_ALLOW_IPS:-").rstrip("}")
    assert (peer in _TrustedHosts(trusted)) is is_believed
