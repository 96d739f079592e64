"""`tuition verify`."""

import os
from argparse import Namespace

from application.verification import Report
from domain.money import Money, currency
from entrypoints.cli import DONE, WRONG
from entrypoints.composition import compose
from entrypoints.logs import configure_logging
from entrypoints.preparing import demand_schema
from entrypoints.settings import load_settings
from entrypoints.terminal import Terminal


def run(_: Namespace, terminal: Terminal) -> int:
    """Check every invariant; status 1 when one is broken."""
    settings = load_settings(dict(os.environ))
    configure_logging("warning", str(settings.log_format))
    demand_schema(settings)
    with compose(settings) as installation, terminal.progress() as progress:
        report = installation.verification().run(progress)
    show(report, terminal)
    terminal.answer(as_json(report))
    return DONE if report.is_clean else WRONG


def show(report: Report, terminal: Terminal) -> None:
    """Say what was looked at, what was found, and how books and gateway compare."""
    looked = ", ".join(f"{count:,} {what}" for what, count in report.seen.items() if count)
    terminal.say(f"Looked at {looked or 'an empty database'}.")
    for note in report.notes:
        terminal.aside(note)
    for finding in report.findings:
        terminal.bad(str(finding))
    if report.further_findings:
        terminal.bad(f"and {report.further_findings:,} more")
    if report.head is not None:
        terminal.say(f"The hash chain ends at {report.head.position:,}: {report.head.seal}.")
    books, gateway = report.balances["books"], report.balances["gateway"]
    for code in sorted({*books, *gateway}):
        ours, theirs = (_amount(side.get(code, 0), code) for side in (books, gateway))
        terminal.say(f"Cash in {code}: books {ours}, gateway {theirs}.")
    if report.is_clean:
        terminal.good("The books are right.")
    else:
        total = len(report.findings) + report.further_findings
        terminal.bad(f"{total} {'thing is' if total == 1 else 'things are'} wrong.")


def as_json(report: Report) -> dict[str, object]:
    """Return a report as scripts read it; amounts are in minor units."""
    return {
        "clean": report.is_clean,
        "findings": [
            {
                "invariant": finding.invariant,
                "subject": finding.subject,
                "detail": finding.detail,
            }
            for finding in report.findings
        ],
        "further_findings": report.further_findings,
        "notes": list(report.notes),
        "seen": dict(report.seen),
        "chain": None
        if report.head is None
        else {"position": report.head.position, "seal": report.head.seal},
        "cash": {side: dict(amounts) for side, amounts in report.balances.items()},
    }


def _amount(minor: int, code: str) -> str:
    return str(Money(minor, currency(code)))
