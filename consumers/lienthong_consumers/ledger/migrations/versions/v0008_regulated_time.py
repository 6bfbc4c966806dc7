"""How much of the regulated time a processing clock had used when it ended, and the way to the ends that stand."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE clock_event ADD COLUMN regulated_seconds bigint, ADD COLUMN used_percent bigint;
COMMENT ON COLUMN clock_event.regulated_seconds IS
    'Of an end of the processing clock: seconds that it had, 0: cannot be told; NULL: no end, or the worker was older';
COMMENT ON COLUMN clock_event.used_percent IS
    'Percent of the regulated time that were used, rounded up; NULL: there is none, or the worker was older';

CREATE INDEX clock_event_end ON clock_event (case_id, episode) INCLUDE (regulated_seconds, used_percent, confirmed_by)
    WHERE standing AND clock = 'processing' AND kind IN ('met', 'met-late');
CREATE INDEX clock_event_later_episode ON clock_event (case_id, episode)
    WHERE standing AND clock = 'processing' AND episode > 1;
"""


def upgrade() -> None:
    """Add the columns; what was written before says nothing in them."""
    op.execute(COLUMNS)


def downgrade() -> None:
    """Take them away: a replay of the log brings them back."""
    op.execute("DROP INDEX clock_event_end, clock_event_later_episode")
    op.execute("ALTER TABLE clock_event DROP COLUMN regulated_seconds, DROP COLUMN used_percent")
