"""What watches the crash tests sees what it is there to see."""

from typing import Any

import pytest
from attrs import evolve

from domain.bookings import BookingStatus
from entrypoints.simulation.ports import Change
from tests.builders import a_booking
from tests.crash.histories import Histories


def saved(**changes: Any) -> list[Change]:
    return [Change("bookings", "save", evolve(a_booking(), **changes))]


def test_a_history_along_the_edges_is_let_pass() -> None:
    histories = Histories()
    histories.go_on(saved(version=1, status=BookingStatus.REQUESTED))
    histories.go_on(saved(version=2, status=BookingStatus.CONFIRMED))
    histories.go_on(saved(version=3, status=BookingStatus.CANCELLED))


def test_a_step_where_no_edge_leads_is_found_out() -> None:
    histories = Histories()
    histories.go_on(saved(version=1, status=BookingStatus.CANCELLED))
    with pytest.raises(AssertionError, match="cancelled to confirmed"):
        histories.go_on(saved(version=2, status=BookingStatus.CONFIRMED))


def test_a_save_over_a_version_that_nobody_saw_is_found_out() -> None:
    histories = Histories()
    histories.go_on(saved(version=1))
    with pytest.raises(AssertionError):
        histories.go_on(saved(version=3))
