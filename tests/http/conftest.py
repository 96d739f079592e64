"""Fixtures of the HTTP tests."""

from collections.abc import Iterator

import pytest

from entrypoints.logs import configure_logging
from tests.http.shop import Shop


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    configure_logging("error")


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Open a shop of one's own."""
    with Shop() as shop:
        yield shop


@pytest.fixture(scope="module")
def window() -> Iterator[Shop]:
    """Open a shop that tests only look at."""
    with Shop() as shop:
        yield shop
