"""Fixtures of the security suite."""

import pytest

from entrypoints.logs import configure_logging


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    configure_logging("error")
