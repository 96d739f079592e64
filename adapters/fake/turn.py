"""One transaction in the world: read records, change them, mint ids, tell what happened."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from attrs import define, evolve, field

from adapters.fake.records import Event, PendingDelivery, Record, World
from adapters.fake.store import Row, Rows
from adapters.fake.store.rows import NO_LIMIT
from application.ports.gateway import GatewayRefused
from application.ports.test_mode import Fault, FaultKind
from domain.time import EPOCH

T = TypeVar("T", bound=Record)

_encoder = msgspec.json.Encoder()
API_VERSION = "2026-10-28.endive"
"""The version of Stripe's API whose shapes the events have."""


_decoders: dict[str, msgspec.json.Decoder[Any]] = {}


def _decoder(of: type[Record]) -> msgspec.json.Decoder[Any]:
    # Building one takes a thousand times as long as using it.
    if of.KIND not in _decoders:
        _decoders[of.KIND] = msgspec.json.Decoder(of)
    return _decoders[of.KIND]


def microseconds(at: datetime) -> int:
    """Count the microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    """Return the instant that many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=count)


def no_such(noun: str, id_: str, param: str) -> GatewayRefused:
    """Return the refusal of an id that is not known."""
    return GatewayRefused(f"No such {noun}: '{id_}'", code="resource_missing", param=param)


@define
class Turn:
    """What one transaction sees and does.

    `fault` bends how the world answers this call; `effects` collects what it made or changed.
    """

    rows: Rows
    now: datetime
    fault: Fault | None = None
    effects: list[str] = field(factory=list)

    def find(self, of: type[T], id_: str) -> T | None:
        """Return a record, if there is one."""
        body = self.rows.get(of.KIND, id_)
        if body is None:
            return None
        found: T = _decoder(of).decode(body)
        return found

    def get(self, of: type[T], id_: str, *, param: str = "id") -> T:
        """Return a record; raises `GatewayRefused` (`resource_missing`) when there is none."""
        found = self.find(of, id_)
        if found is None:
            raise no_such(of.KIND, id_, param)
        return found

    def newest(self, of: type[T], parent: str | None = None) -> Iterator[T]:
        """List records, newest first."""
        for body in self.rows.newest(of.KIND, parent=parent):
            yield _decoder(of).decode(body)

    def page(self, of: type[T], *, before: int, limit: int) -> list[T]:
        """List some records, newest first, that are older than the sequence number `before`."""
        found = self.rows.newest(of.KIND, before=before, limit=limit)
        return [_decoder(of).decode(body) for body in found]

    def due(self, of: type[T], at: datetime, *, limit: int = NO_LIMIT) -> list[T]:
        """List the records that are due by an instant, earliest first."""
        found = self.rows.due(of.KIND, microseconds(at), limit=limit)
        return [_decoder(of).decode(body) for body in found]

    def save(self, record: T) -> T:
        """Write a record."""
        due = None if record.due is None else microseconds(record.due)
        self.rows.put(
            Row(record.KIND, record.id, record.seq, record.parent, due, _encoder.encode(record))
        )
        return record

    def did(self, record: T) -> T:
        """Write a record and note it as an effect of the call."""
        if record.id not in self.effects:
            self.effects.append(record.id)
        return self.save(record)

    def delete(self, record: Record) -> None:
        """Delete a record."""
        self.rows.delete(record.KIND, record.id)

    def mint(self, prefix: str) -> tuple[str, int]:
        """Return a fresh id, and its sequence number."""
        world = self.get(World, "world")
        count = world.count + 1
        self.save(evolve(world, count=count))
        # The letter keeps the digits on both sides from looking like a card number together.
        return f"{prefix}_{world.salt}n{count:08d}", count

    def tell(
        self,
        type_: str,
        about: Mapping[str, object],
        *,
        account: str | None = None,
        previous: Mapping[str, object] | None = None,
    ) -> None:
        """Make an event of something that happened, and queue its delivery."""
        id_, seq = self.mint("evt")
        created_at = self.now
        event = {
            "id": id_,
            "object": "event",
            "api_version": API_VERSION,
            "created": int(created_at.timestamp()),
            "type": type_,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "data": {"object": about, **({"previous_attributes": previous} if previous else {})},
            **({} if account is None else {"account": account}),
        }
        body = _encoder.encode(event).decode()
        self.save(
            Event(
                id=id_,
                seq=seq,
                type=type_,
                about=str(about["id"]),
                body=body,
                created_at=created_at,
            )
        )
        self.save(PendingDelivery(id=id_, seq=seq, event=id_, due=created_at))

    def bent_by(self, kind: FaultKind) -> Fault | None:
        """Return the fault of this call when it is of a kind."""
        return self.fault if self.fault is not None and self.fault.kind is kind else None


def second(at: datetime) -> datetime:
    """Cut an instant to whole seconds, as the wire does."""
    return at.astimezone(UTC).replace(microsecond=0)
