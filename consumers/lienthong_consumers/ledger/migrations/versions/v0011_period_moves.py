"""Closed periods are judged by the state at their end: dossiers that changed the line in between, and their news.

What was published by the last state stays as it was; each closed period is counted anew in the next turn, and has a
further version where that changes it.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOVES = """
CREATE TABLE period_move (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    form text NOT NULL,
    period text NOT NULL,
    office_before text NOT NULL,
    commune_before text NOT NULL,
    selector_before text NOT NULL,
    office text NOT NULL,
    commune text NOT NULL,
    selector text NOT NULL,
    dossiers bigint NOT NULL
);
CREATE INDEX period_move_period ON period_move (form, period);
COMMENT ON TABLE period_move IS
    'Of the dossiers carried over into a closed period: those that were in another cell at the end of the one before';
COMMENT ON COLUMN period_move.id IS 'Number in the order of writing';
COMMENT ON COLUMN period_move.form IS 'Code of the form';
COMMENT ON COLUMN period_move.period IS 'The closed period into which they were carried over';
COMMENT ON COLUMN period_move.office_before IS 'Office that held them at the end of the period before';
COMMENT ON COLUMN period_move.commune_before IS 'Commune at the end of the period before';
COMMENT ON COLUMN period_move.selector_before IS 'Procedure at the end of the period before';
COMMENT ON COLUMN period_move.office IS 'Office that counts them in the period';
COMMENT ON COLUMN period_move.commune IS 'Commune that counts them in the period';
COMMENT ON COLUMN period_move.selector IS 'Procedure under which they count in the period';
COMMENT ON COLUMN period_move.dossiers IS 'How many; rows about the same cells add up, for corrections add rows';

CREATE TABLE period_news (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id text NOT NULL,
    epoch integer,
    seq bigint,
    digest bytea,
    accepted_at timestamptz
);
CREATE INDEX period_news_case ON period_news (case_id);
COMMENT ON TABLE period_news IS
    'Dossiers that were settled anew since corrections of closed periods were looked for last';
COMMENT ON COLUMN period_news.id IS 'Number in the order of writing';
COMMENT ON COLUMN period_news.case_id IS 'The dossier';
COMMENT ON COLUMN period_news.epoch IS 'Epoch of an event of which an earlier delivery became known; NULL: none did';
COMMENT ON COLUMN period_news.seq IS 'Number of that event';
COMMENT ON COLUMN period_news.digest IS 'Digest of that event';
COMMENT ON COLUMN period_news.accepted_at IS 'When it was said to be accepted until then';

DROP TABLE period_counted;
CREATE TABLE period_counted (
    case_id text PRIMARY KEY,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    status text NOT NULL,
    received_at timestamptz,
    ended_at timestamptz,
    "offset" bigint NOT NULL
);
COMMENT ON TABLE period_counted IS 'Up to which event each dossier is in the newest versions of all closed periods';
COMMENT ON COLUMN period_counted.case_id IS 'The dossier';
COMMENT ON COLUMN period_counted.epoch IS 'Epoch of the event that applied';
COMMENT ON COLUMN period_counted.seq IS 'Number of the event that applied';
COMMENT ON COLUMN period_counted.status IS 'Its status';
COMMENT ON COLUMN period_counted.received_at IS 'The receipt that it stated';
COMMENT ON COLUMN period_counted.ended_at IS 'The end that it stated';
COMMENT ON COLUMN period_counted."offset" IS 'Offset of the last record of the dossier that was counted';

ALTER TABLE period_close ADD COLUMN rule integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN period_close.rule IS
    'By which rule its newest version is counted: 1 by the last state of each dossier, 2 by the state at the end';
ALTER TABLE period_correction ADD COLUMN came_from_before text NOT NULL DEFAULT '',
    ADD COLUMN came_from_after text NOT NULL DEFAULT '';
COMMENT ON COLUMN period_correction.came_from_before IS
    'Office, commune and procedure of a dossier carried over at the end of the period before, if others; as before';
COMMENT ON COLUMN period_correction.came_from_after IS
    'Office, commune and procedure of a dossier carried over at the end of the period before, if others; as now';
COMMENT ON COLUMN period_report.lines IS
    'List of [code, nine counts, taken over, handed over]; the last two were not told at first';
"""
COUNTED_BY_STATE = """
DROP TABLE period_counted, period_move, period_news;
CREATE TABLE period_counted (
    case_id text PRIMARY KEY,
    office text NOT NULL,
    commune text NOT NULL,
    selector text NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    received_at timestamptz,
    due_at timestamptz,
    over_at timestamptz
);
ALTER TABLE period_close DROP COLUMN rule;
ALTER TABLE period_correction DROP COLUMN came_from_before, DROP COLUMN came_from_after;
"""


def upgrade() -> None:
    """Make the tables; what is remembered of each dossier is written anew by the next turn."""
    op.execute(MOVES)


def downgrade() -> None:
    """Take them away."""
    op.execute(COUNTED_BY_STATE)
