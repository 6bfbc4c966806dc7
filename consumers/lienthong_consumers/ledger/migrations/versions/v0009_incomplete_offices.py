"""Who was not complete when a period was closed. Of periods closed before, nothing is known."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INCOMPLETE = """
CREATE TABLE period_incomplete (
    form text NOT NULL,
    period text NOT NULL,
    office text NOT NULL,
    complete_through timestamptz,
    PRIMARY KEY (form, period, office)
);
COMMENT ON TABLE period_incomplete IS
    'The offices that were not complete through the end of a period when it was closed';
COMMENT ON COLUMN period_incomplete.form IS 'Code of the form';
COMMENT ON COLUMN period_incomplete.period IS 'The period, such as 2026-M10, 2026-Q3 or 2026';
COMMENT ON COLUMN period_incomplete.office IS 'Agency code of the office';
COMMENT ON COLUMN period_incomplete.complete_through IS
    'Up to when all that it had accepted was on the bus, by its own word; NULL: it was never heard';
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(INCOMPLETE)


def downgrade() -> None:
    """Take the table away."""
    op.execute("DROP TABLE period_incomplete")
