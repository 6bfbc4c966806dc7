"""What official figures are judged by: the bus's time as the ledger knows it, and which ledger it is."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE tick (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    bus_time timestamptz NOT NULL,
    case_ends jsonb NOT NULL,
    complete_through jsonb NOT NULL
);
COMMENT ON TABLE tick IS 'The newest tick that was read';

CREATE TABLE judgement (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    generation integer NOT NULL,
    judged_at timestamptz,
    complete_through jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO judgement (generation)
VALUES (extract(epoch FROM clock_timestamp() - timestamptz '2020-01-01 00:00Z')::integer);
COMMENT ON TABLE judgement IS 'The last tick whose case ends were reached: published figures are judged by it';
COMMENT ON COLUMN judgement.generation IS 'Seconds from 2020 until these tables were made: built again, it is higher';
COMMENT ON COLUMN judgement.complete_through IS 'By office, microseconds since 1970 up to which it was heard';

CREATE INDEX clock_event_breach ON clock_event (case_id) WHERE standing AND clock = 'processing' AND kind = 'breached';
CREATE INDEX clock_event_receipt ON clock_event (case_id, kind)
    WHERE standing AND clock = 'receipt' AND kind IN ('met', 'met-late');
"""


def upgrade() -> None:
    """Make the tables and indexes."""
    op.execute(TABLES)


def downgrade() -> None:
    """Take them away: they are made from the log again."""
    op.execute("DROP TABLE tick, judgement; DROP INDEX clock_event_breach, clock_event_receipt")
