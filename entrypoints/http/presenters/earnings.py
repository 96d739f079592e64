"""What teachers earn, as they see it."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from application.earnings import StatementLine
from application.ports.storage import Views
from domain.earnings import EarningLine, EarningState, Payout, Standing, TeacherAccount
from domain.errors import NotFound
from domain.ids import PayoutId
from entrypoints.http.endpoints import Reply
from entrypoints.http.schemas import earnings as schema

COLUMNS = (
    "at", "kind", "teacher_id", "booking_id", "payment_id", "payout_id", "amount", "currency",
    "state", "available_at", "reason",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheets take for the start of a formula; some of them, the full-width signs too."""


def standings(values: Sequence[Standing]) -> schema.Earnings:
    """Show a teacher's money, by currency."""
    return schema.Earnings(
        items=tuple(
            schema.Standing(
                currency=value.currency.code,
                pending=str(value.pending),
                held=str(value.held),
                available=str(value.available),
                in_transit=str(value.in_transit),
                paid=str(value.paid),
                debt=str(value.debt),
            )
            for value in values
        ),
        next_cursor=None,
    )


def line(value: StatementLine) -> schema.EarningsLine:
    """Show a line of a statement."""
    return _line(value.line, value.state)


def _line(value: EarningLine, state: EarningState) -> schema.EarningsLine:
    return schema.EarningsLine(
        id=value.id,
        at=value.at,
        kind=value.kind,
        teacher_id=value.teacher_id,
        booking_id=value.booking_id,
        payment_id=value.payment_id,
        payout_id=value.payout_id,
        amount=str(value.amount),
        currency=value.amount.currency.code,
        state=state,
        available_at=value.available_at,
        reason=value.reason,
    )


def csv_of(lines: Iterable[schema.EarningsLine]) -> bytes:
    """Return lines as CSV, a header first; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for shown in lines:
        writer.writerow([_cell(name, getattr(shown, name)) for name in COLUMNS])
    return text.getvalue().encode()


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = str(value)
    # A negative amount is a number, and wanted as one.
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and name != "amount" else text


def account(value: TeacherAccount) -> schema.TeacherAccount:
    """Show a teacher's account at the gateway."""
    return schema.TeacherAccount(
        id=value.teacher_id,
        stripe_account_id=value.gateway_id,
        status=value.status,
        charges_enabled=value.charges_enabled,
        payouts_enabled=value.payouts_enabled,
    )


def payout(value: Payout, lines: Sequence[EarningLine]) -> schema.Payout:
    """Show a payout with the lines that it carries."""
    carried = EarningState.PAID if value.paid_at is not None else EarningState.IN_TRANSIT
    return schema.Payout(
        id=value.id,
        teacher_id=value.teacher_id,
        amount=str(value.amount),
        currency=value.amount.currency.code,
        status=value.status,
        method=value.method,
        reference=value.reference,
        failure_reason=value.failure_reason,
        stripe_transfer_id=value.gateway_id,
        reversed_amount=str(value.reversed),
        lines=tuple(_line(each, carried) for each in lines),
        created_at=value.created_at,
        paid_at=value.paid_at,
    )


def payouts(views: Views, values: Sequence[Payout]) -> Sequence[schema.Payout]:
    """Show payouts with their lines."""
    return [payout(value, views.due.lines_of_payout(value.id)) for value in values]


def payout_now(views: Views, value: Payout) -> Reply:
    """Answer with a payout that was read."""
    return Reply(200, payouts(views, [value])[0])


def payout_by_id(status: int) -> Callable[[Views, PayoutId], Reply]:
    """Answer with the payout of an id."""

    def show(views: Views, id: PayoutId) -> Reply:
        found = views.payouts.find(id)
        if found is None:
            raise NotFound("This payout")
        return Reply(status, payouts(views, [found])[0])

    return show
