"""Reading environment variables, with every problem kept for one report."""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from attrs import field, frozen

from domain.errors import InvalidField
from domain.money import Currency, Money

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


@frozen
class Variables:
    """The variables of a process; an empty one counts as unset.

    A value that cannot be used adds a sentence to `problems`, which never quotes a secret, and the
    default stands in for it so that the other variables can be read as well.
    """

    values: Mapping[str, str] = field(repr=False)
    problems: list[str] = field(factory=list)

    def find(self, name: str) -> str | None:
        """Return the trimmed value, or None."""
        return self.values.get(name, "").strip() or None

    def listed(self, name: str) -> tuple[str, ...]:
        """Return the parts of a comma-separated list."""
        return tuple(part.strip() for part in (self.find(name) or "").split(",") if part.strip())

    def choice(self, name: str, kind: type[E], default: E) -> E:
        """Return one of a few words."""
        value = self.find(name)
        if value is None:
            return default
        if value.lower() not in set(kind):
            self.problems.append(f"{name} is one of {', '.join(kind)}, not {value!r}.")
            return default
        return kind(value.lower())

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        value = self.find(name)
        if value is None:
            return default
        is_number = re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) is not None
        if not (is_number and least <= int(value) <= most):
            self.problems.append(f"{name} is a whole number from {least} to {most}, not {value!r}.")
            return default
        return int(value)

    def parsed(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """Return what a rule of the domain reads out of the value."""
        value = self.find(name)
        if value is None:
            return default
        try:
            return parse(value)
        except InvalidField as error:
            self.problems.append(f"{name}, {value!r}, cannot be used: {error}")
            return default

    def amounts(
        self, name: str, currencies: Sequence[Currency], default: str | None
    ) -> dict[str, Money]:
        """Return an amount by currency code, from `1.00` for all or `usd:1.00,jpy:100` for some."""
        text = self.find(name) or default
        if text is None or text.lower() == "none":
            return {}
        known = {currency.code: currency for currency in currencies}
        named = [part.partition(":") for part in text.replace(" ", "").lower().split(",")]
        if ":" not in text:
            named = [(code, ":", text) for code in known]
        amounts = {}
        for code, _, amount in named:
            minor = _minor(amount, known[code]) if code in known else None
            if minor is None:
                self.problems.append(
                    f"{name} is an amount such as 1.00, or one for each currency such as"
                    f" usd:1.00,jpy:100; {text!r} says nothing usable for {code or 'a currency'}."
                )
                break
            amounts[code] = Money(minor, known[code])
        return amounts

    def url(self, name: str, value: str, schemes: Sequence[str]) -> str:
        """Return a URL without the slash at its end, once its scheme and host have been checked."""
        try:
            parts = urlsplit(value)
            good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or re.search(r"\s", value):
            self.problems.append(f"{name} needs {' or '.join(schemes)} URLs with a host.")
        return value.rstrip("/")


def _minor(amount: str, of: Currency) -> int | None:
    """Return minor units, if the amount is a whole number of them."""
    matched = re.fullmatch(r"([0-9]{1,12})(?:\.([0-9]{1,4}))?", amount, re.ASCII)
    if matched is None:
        return None
    whole, decimals = matched[1], (matched[2] or "").ljust(of.exponent, "0")
    if decimals[of.exponent :].strip("0"):
        return None
    return int(whole + decimals[: of.exponent])
