"""The tick that is waited for, and beside it the last one that was reached: a ledger that lags has figures, too."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

REACHED = """
ALTER TABLE tick ADD COLUMN reached_time timestamptz, ADD COLUMN reached_through jsonb;
COMMENT ON TABLE tick IS 'The tick that is waited for, and the last one that was reached';
COMMENT ON COLUMN tick.reached_time IS 'Time of the bus of the last tick whose case ends were reached; NULL: none yet';
COMMENT ON COLUMN tick.reached_through IS 'By office, microseconds since 1970 up to which it was heard at that tick';
"""


def upgrade() -> None:
    """Add the columns."""
    op.execute(REACHED)


def downgrade() -> None:
    """Take them away."""
    op.execute("ALTER TABLE tick DROP COLUMN reached_time, DROP COLUMN reached_through")
