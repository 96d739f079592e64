"""From bytes to checked values: unreadable is 400, readable but wrong is 422 with every field.

The order is that of the contract: readable JSON, then card numbers, then types and values. No
message repeats a value, because nobody knows what it is.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args
from urllib.parse import parse_qsl

import msgspec

from domain.errors import InvalidField
from entrypoints.http.card_numbers import refuse_card_numbers, texts_in
from entrypoints.http.problems import FieldProblem, HttpProblem

T = TypeVar("T", bound=msgspec.Struct)

MOST_PROBLEMS = 50
MOST_TEXT = 32 * 1024
"""How many characters a body may hold in all; no published one comes near it.

To look into so many for card numbers takes about as long as to hash a password."""
_PATH = re.compile(r"(?P<message>.*?)(?: - at `(?P<key>key in )?\$(?P<path>[^`]*)`)?", re.DOTALL)
_BACKTICKED = re.compile(r"`([^`]*)`")
_MEANINGS = (
    (re.compile(r"Object missing required field"), "required", "This field is required."),
    (re.compile(r"Object contains unknown field"), "unknown_field", "This field is not known."),
    (re.compile(r"Invalid enum value"), "not_a_choice", "This is none of the possible values."),
    (re.compile(r"of length <="), "too_long", None),
    (re.compile(r"of length >="), "too_short", None),
    (re.compile(r"(>=|<=|>|<) -?\d"), "out_of_range", None),
    (re.compile(r"out of range"), "out_of_range", "The number is out of range."),
    (re.compile(r"matching regex"), "invalid", "This does not have the required form."),
    (
        re.compile(r"RFC3339|timezone"),
        "invalid_instant",
        "Give an instant as RFC 3339 with a zone, such as 2026-03-02T09:00:00Z.",
    ),
    (re.compile(r"^Expected"), "wrong_type", None),
)


class Invalid(HttpProblem):
    """Fields of the body or the query have values that cannot be."""

    def __init__(self, errors: Sequence[FieldProblem]) -> None:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        first = errors[0]
        where = f"{first.field}: " if first.field else ""
        super().__init__(
            "validation_failed", f"{where}{first.message}{more}", errors=errors[:MOST_PROBLEMS]
        )


def invalid(field: str, code: str, message: str) -> Invalid:
    """Return the error of one field."""
    return Invalid([FieldProblem(field=field, code=code, message=message)])


def decoded(raw: bytes) -> object:
    """Read JSON strictly. Raises `HttpProblem` (400), or `Invalid` for numbers beyond reason."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError as error:
        raise invalid("", "out_of_range", "A number is out of range.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HttpProblem("malformed_body", "The body is not readable as JSON.") from error


def body_as(raw: bytes, kind: type[T], *, exempt: frozenset[str] = frozenset()) -> T:
    """Read a body as a struct. An empty one counts as `{}`, where no field is required.

    `exempt` names the fields that may hold a card number.
    """
    value = decoded(raw) if raw.strip() or needs_a_body(kind) else {}
    if sum(len(text) for _, text in texts_in(value)) > MOST_TEXT:
        raise invalid("", "too_long", "The body holds more text than its fields take.")
    refuse_card_numbers(value, exempt=exempt)
    _refuse_repetition(raw)
    if not isinstance(value, dict):
        raise invalid("", "wrong_type", "The body is a JSON object.")
    return _as_struct(value, kind)


def _refuse_repetition(raw: bytes) -> None:
    """Refuse an object that names a member twice: others may have read the one that we would not.

    JSON leaves open which of them counts, so that what a proxy approved need not be what is done.
    """
    try:
        if raw.strip():
            _MEMBERS.decode(raw.decode())
    except RecursionError as error:
        raise HttpProblem("malformed_body", "The body is not readable as JSON.") from error


def _named_once(members: Sequence[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            raise invalid(_safe_name(name), "repeated", "This field is given twice.")
        seen.add(name)


_MEMBERS = json.JSONDecoder(object_pairs_hook=_named_once, parse_int=str, parse_float=str)
"""Looks at the names of members only; the values were read before."""


def needs_a_body(kind: type) -> bool:
    """Tell whether a struct has required fields."""
    return any(field.required for field in msgspec.structs.fields(kind))


def query_as(raw: bytes, kind: type[T]) -> T:
    """Read a query string as a struct: numbers and booleans are spelled plainly, each name once."""
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except ValueError as error:  # UnicodeDecodeError is one
        raise invalid("", "invalid", "The query string is not readable.") from error
    values: dict[str, Any] = {}
    for name, text in pairs:
        if name in values:
            raise invalid(_safe_name(name), "repeated", "This parameter is given twice.")
        values[name] = text
    refuse_card_numbers(values)
    for field in msgspec.structs.fields(kind):
        if field.encode_name in values:
            values[field.encode_name] = _plain(values[field.encode_name], field.type)
    return _as_struct(values, kind)


def _plain(text: str, kind: Any) -> object:
    wanted = _scalars(kind)
    if int in wanted and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if bool in wanted and text in {"true", "false"}:
        return text == "true"
    return text


def _scalars(kind: Any) -> set[Any]:
    arguments = get_args(kind)
    if not arguments:
        return {kind}
    return {scalar for argument in arguments for scalar in _scalars(argument)}


def _as_struct(values: dict[str, Any], kind: type[T]) -> T:
    _refuse_nul(values)
    try:
        result = msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise Invalid(_every_problem(values, kind, error)) from error
    return result


def _every_problem(
    values: Mapping[str, Any], kind: type, first: msgspec.ValidationError
) -> list[FieldProblem]:
    """Check field by field, because the decoder stops at the first."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    problems = [
        FieldProblem(field=name, code="required", message="This field is required.")
        for name, field in fields.items()
        if field.required and name not in values
    ]
    for name, value in values.items():
        if name not in fields:
            problems.append(
                FieldProblem(
                    field=_safe_name(name),
                    code="unknown_field",
                    message="This field is not known.",
                )
            )
            continue
        try:
            msgspec.convert(value, fields[name].type)
        except msgspec.ValidationError as error:
            problems.append(_field_problem(name, error))
    return problems or [_field_problem("", first)]


def _field_problem(name: str, error: msgspec.ValidationError) -> FieldProblem:
    match = _PATH.fullmatch(str(error))
    message, path = (match["message"], match["path"] or "") if match else ("", "")
    for pattern, code, said in _MEANINGS:
        if pattern.search(message):
            unknown = code in {"unknown_field", "required"} and _BACKTICKED.search(message)
            inner = f".{_safe_name(unknown[1])}" if unknown else ""
            return FieldProblem(
                field=f"{name}{path}{inner}".lstrip("."),
                code=code,
                message=said or f"{message.replace('`', '')}.",
            )
    return FieldProblem(field=name, code="invalid", message="This value is not possible.")


def _safe_name(name: str) -> str:
    """Return a name that came from outside, if it looks like the name of a field."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z_\-.]{0,63}", name, re.ASCII) else "(unknown)"


def _refuse_nul(values: Mapping[str, Any]) -> None:
    """Refuse the one character that no database can store."""
    for name, value in values.items():
        if "\0" in name or any("\0" in text for text in _texts(value)):
            raise invalid(
                _safe_name(name), "invalid_characters", "Text must not hold the NUL character."
            )


def _texts(value: object) -> Iterable[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def in_utc(instant: datetime, field: str) -> datetime:
    """Return an instant of any zone in UTC. Raises `InvalidField` at the ends of the calendar."""
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise InvalidField(field, "This instant is out of range.", "out_of_range") from error
