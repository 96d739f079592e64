"""One suite for every gateway: the fake one in memory and on disk, and Stripe's on a double."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.fake import open_store
from tests.contract.gateway.fake_harness import FakeHarness
from tests.contract.gateway.harness import GatewayHarness


@pytest.fixture(params=["fake", "fake-on-disk", "stripe"])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GatewayHarness]:
    if request.param == "fake":
        yield FakeHarness()
    elif request.param == "fake-on-disk":
        store = open_store(f"sqlite:///{tmp_path}/tuition.db")
        yield FakeHarness(store)
        store.close()
    else:
        from tests.contract.gateway.stripe_harness import StripeHarness

        yield StripeHarness()
