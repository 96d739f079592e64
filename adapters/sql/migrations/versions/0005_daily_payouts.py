"""When the next daily payout falls due is found without reading every balance."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go on to this revision."""
    op.create_index("ix_teacher_balances_last_payout", "teacher_balances", ["last_payout_at"])
