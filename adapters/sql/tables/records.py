"""What the use cases keep besides the aggregates."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, text

from adapters.sql.tables.parts import (
    flag,
    instant,
    key,
    metadata,
    number,
    one_of,
    quoted,
    structure,
    version,
)
from adapters.sql.tables.parts import text as words
from adapters.sql.types import Serial
from application.ports.records import DeliveryState, OperationState

_OPEN = f"state IN ({quoted(state for state in OperationState if state.is_open)})"

operations = Table(
    "operations",
    metadata,
    key(),
    words("kind"),
    words("subject"),
    structure("params"),
    words("params_sha256"),
    number("attempt"),
    words("state"),
    number("fence"),
    instant("lease_until"),
    number("tries"),
    words("result", null=True),
    words("error", null=True),
    structure("refusal", null=True),
    instant("created_at"),
    instant("updated_at"),
    version(),
    one_of("state", OperationState),
    Index("ix_operations_subject", "subject", "created_at", "id"),
    Index(
        "ix_operations_open",
        "lease_until",
        "id",
        postgresql_where=text(_OPEN),
        sqlite_where=text(_OPEN),
    ),
)

deliveries = Table(
    "deliveries",
    metadata,
    key(),
    words("type"),
    words("object_type"),
    words("object_id"),
    words("payment", null=True),
    words("account", null=True),
    flag("livemode"),
    words("api_version", null=True),
    structure("facts"),
    Column("body", LargeBinary, nullable=False),
    instant("event_at"),
    instant("received_at"),
    words("state"),
    instant("next_try_at", null=True),
    number("tries"),
    words("error", null=True),
    instant("applied_at", null=True),
    version(),
    one_of("state", DeliveryState),
    Index("ix_deliveries_page", "received_at", "id"),
    Index("ix_deliveries_state", "state", "received_at", "id"),
    Index("ix_deliveries_type", "type", "received_at", "id"),
    Index(
        "ix_deliveries_waiting",
        "received_at",
        "id",
        postgresql_where=text("state = 'received'"),
        sqlite_where=text("state = 'received'"),
    ),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Serial, primary_key=True),
    words("id", unique=True),
    words("name"),
    structure("body"),
    instant("at"),
    flag("is_done"),
    Index(
        "ix_outbox_waiting",
        "seq",
        postgresql_where=text("NOT is_done"),
        sqlite_where=text("NOT is_done"),
    ),
)
"""Events, in the order of their saving; those handed over stay, as the history of what happened."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    key("scope"),
    key("key"),
    words("body_sha256"),
    instant("lease_until"),
    instant("created_at"),
    structure("operations"),
    number("answer_status", null=True),
    Column("answer_body", LargeBinary, nullable=True),
    words("answer_content_type", null=True),
    Index("ix_idempotency_keys_created", "created_at"),
)

audit_log = Table(
    "audit_log",
    metadata,
    key(),
    words("actor_id", null=True),
    words("action"),
    words("subject"),
    structure("before"),
    structure("after"),
    words("request_id", null=True),
    instant("created_at"),
    Index("ix_audit_log_page", "created_at", "id"),
    Index("ix_audit_log_actor", "actor_id", "created_at", "id"),
    Index("ix_audit_log_subject", "subject", "created_at", "id"),
    Index("ix_audit_log_action", "action", "created_at", "id"),
)

settings = Table("settings", metadata, key("name"), words("value"))

rate_limits = Table(
    "rate_limits",
    metadata,
    key("bucket"),
    # Seconds since the epoch, in which windows are counted.
    Column("window_ends", BigInteger, nullable=False),
    number("hits"),
    Index("ix_rate_limits_ends", "window_ends"),
)
