"""Structured logs: for people on a terminal, as JSON for machines, and without secrets in either.

What other libraries log through the standard library goes the same way, so that it is redacted too.
"""

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

STRUCK = "[redacted]"

SECRET_NAMES = re.compile(
    r"authorization|password|passwd|secret|token|cookie|api_?key|signature|cvc|cvv|card_?number",
    re.IGNORECASE,
)
"""Names under which nothing is ever logged, whatever the value looks like."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Keys and signing secrets of the gateway. Publishable keys are published.
    (re.compile(r"\b(?:sk|rk|ek)_(?:test|live)_\w+|\bwhsec_\w+"), STRUCK),
    # What lets a browser pay: pi_…_secret_… and seti_…_secret_….
    (re.compile(r"\b(\w+)_secret_\w+"), rf"\1_secret_{STRUCK}"),
    (re.compile(r"\b[Bb]earer\s+[\w.~+/=-]+"), f"Bearer {STRUCK}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), STRUCK),
    # The password in a database's or a mail server's URL.
    (re.compile(r"(://[^\s:/@]*):[^\s/@]+@"), rf"\1:{STRUCK}@"),
)
_MAYBE_CARD = re.compile(r"(?<!\d)(?<!\d\.)\d(?:[ -]?\d){12,18}(?!\d|\.\d)")


def redacted(text: str) -> str:
    """Strike keys, tokens, client secrets and card numbers from a text."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return _MAYBE_CARD.sub(_without_card, text)


def _without_card(found: re.Match[str]) -> str:
    digits = [int(sign) for sign in found.group() if sign.isdecimal()]
    return STRUCK if _passes_luhn(digits) else found.group()


def _passes_luhn(digits: Sequence[int]) -> bool:
    doubled = (digit * 2 for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(value - 9 * (value > 9) for value in doubled)) % 10 == 0


def _clean(name: str, value: object) -> object:
    if value is not None and SECRET_NAMES.search(name):
        return STRUCK
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping):
        return {key: _clean(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, inner) for inner in value]
    if value is None or isinstance(value, bool | float):
        return value
    text = redacted(str(value))
    return value if isinstance(value, int) and text == str(value) else text


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Strike secrets from every member of an event; a processor that comes last but one."""
    # Members with a leading underscore are structlog's own and are never printed; the other one is
    # uvicorn's, and says the same again.
    return {
        name: value if name.startswith("_") else _clean(name, value)
        for name, value in event.items()
        if name != "color_message"
    }


def configure_logging(
    level: str = "info",
    format: str = "console",
    *,
    stream: TextIO | None = None,
) -> None:
    """Send all logs of this process to `stream` (standard error), as `console` or `json`."""
    into = sys.stderr if stream is None else stream
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(into)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # A traceback becomes text before it is cleaned, and never shows local variables.
                structlog.processors.format_exc_info,
                redact,
                _renderer(format, is_terminal=into.isatty()),
            ],
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # One line a request comes from us; these say the same again, or far too much.
    for name in ("uvicorn.access", "httpx", "httpcore", "stripe", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _renderer(format: str, *, is_terminal: bool) -> Any:
    if format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=is_terminal,
        pad_event_to=28,
        exception_formatter=structlog.dev.plain_traceback,
    )


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger of one part of the program."""
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return found
