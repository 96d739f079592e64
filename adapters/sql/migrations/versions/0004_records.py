"""What the use cases keep besides the aggregates."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.migrations.parts import one_of, partial_index
from adapters.sql.types import Instant, Serial, Structure

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go on to this revision."""
    _operations()
    _deliveries()
    _outbox()
    _idempotency_keys()
    _audit_log()
    _settings()
    _rate_limits()


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("params", Structure, nullable=False),
        sa.Column("params_sha256", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("refusal", Structure),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
        one_of("operations", "state", "done", "intent", "refused", "unknown"),
    )
    partial_index(
        "ix_operations_open", "operations", ["lease_until", "id"], "state IN ('intent', 'unknown')"
    )
    op.create_index("ix_operations_subject", "operations", ["subject", "created_at", "id"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("payment", sa.Text()),
        sa.Column("account", sa.Text()),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("api_version", sa.Text()),
        sa.Column("facts", Structure, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("event_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_try_at", Instant()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("applied_at", Instant()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        one_of("deliveries", "state", "applied", "ignored", "received", "suspended"),
    )
    op.create_index("ix_deliveries_page", "deliveries", ["received_at", "id"])
    op.create_index("ix_deliveries_state", "deliveries", ["state", "received_at", "id"])
    op.create_index("ix_deliveries_type", "deliveries", ["type", "received_at", "id"])
    partial_index(
        "ix_deliveries_waiting", "deliveries", ["received_at", "id"], "state = 'received'"
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", Structure, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
    )
    partial_index("ix_outbox_waiting", "outbox", ["seq"], "NOT is_done")


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("operations", Structure, nullable=False),
        sa.Column("answer_status", sa.Integer()),
        sa.Column("answer_body", sa.LargeBinary()),
        sa.Column("answer_content_type", sa.Text()),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created_at"])


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text()),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", Structure, nullable=False),
        sa.Column("after", Structure, nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_action", "audit_log", ["action", "created_at", "id"])
    op.create_index("ix_audit_log_actor", "audit_log", ["actor_id", "created_at", "id"])
    op.create_index("ix_audit_log_page", "audit_log", ["created_at", "id"])
    op.create_index("ix_audit_log_subject", "audit_log", ["subject", "created_at", "id"])


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )


def _rate_limits() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("window_ends", sa.BigInteger(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name="pk_rate_limits"),
    )
    op.create_index("ix_rate_limits_ends", "rate_limits", ["window_ends"])
