"""Who has what, as the API tells it: added up from payments, refunds, earnings and payouts."""

from collections.abc import Iterable

from attrs import define

from domain.money import Money, currency, total
from entrypoints.demo.api import Caller, Json
from entrypoints.terminal import DIM, Terminal

USD = currency("usd")
_CAPTURED = {"succeeded", "partially_refunded", "refunded"}
HEADS = (
    "",
    "student paid",
    "teacher: pending",
    "available",
    "paid out",
    "owes",
    "platform earns",
    "gateway holds*",
)


def money(text: str) -> Money:
    """Read an amount of the demonstration's currency."""
    return Money.parse(text, USD)


def _sum(amounts: Iterable[Money]) -> Money:
    return total(amounts, USD)


@define
class Purses:
    """Everybody's money."""

    student: Caller
    teacher: Caller
    terminal: Terminal

    def show(self, since: str) -> None:
        """Write a table of how everybody stands after a step."""
        payments = self._payments()
        paid = _sum(money(each["amount"]) - money(each["refunded_amount"]) for each in payments)
        standing = self._standing()
        earned = _sum(standing[name] for name in ("pending", "held", "available", "in_transit"))
        of_teacher = earned + standing["paid"] - standing["debt"]
        cells = [
            since,
            str(paid),
            str(standing["pending"]),
            str(standing["available"]),
            str(standing["paid"]),
            str(standing["debt"]),
            str(paid - of_teacher),
            str(paid - standing["paid"]),
        ]
        self.terminal.table(HEADS, [cells], indent="    ")

    def _payments(self) -> list[Json]:
        page = self.student.get("/payments?limit=200")
        return [each for each in page["items"] if each["status"] in _CAPTURED]

    def _standing(self) -> dict[str, Money]:
        names = ("pending", "held", "available", "in_transit", "paid", "debt")
        items = self.teacher.get("/earnings")["items"]
        return {name: _sum(money(each[name]) for each in items) for name in names}

    def footnote(self) -> None:
        """Explain the last column."""
        self.terminal.say(
            self.terminal.styled(
                "    * before the gateway's own fees, which the platform bears", DIM
            )
        )
