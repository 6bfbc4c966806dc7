"""Period reports: which periods are closed, what each was published with, what was corrected since."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PERIODS = """
CREATE TABLE period_closing (
    form text PRIMARY KEY,
    through_day date NOT NULL,
    restated_at timestamptz
);
COMMENT ON TABLE period_closing IS 'Every period that ends on this day or before is closed';

COMMENT ON COLUMN period_closing.restated_at IS 'Time of the bus at which corrections were looked for last';

CREATE TABLE period_close (
    form text NOT NULL,
    period text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    begin_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    time_zone text NOT NULL,
    closed_at timestamptz NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (form, period)
);
COMMENT ON TABLE period_close IS 'The periods that are closed, and the version that was published last';
COMMENT ON COLUMN period_close.closed_at IS 'Time of the bus at its closing';

CREATE TABLE period_cell (
    form text NOT NULL,
    period text NOT NULL,
    office text NOT NULL,
    commune text NOT NULL,
    selector text NOT NULL,
    online bigint NOT NULL,
    direct bigint NOT NULL,
    carried_over bigint NOT NULL,
    early bigint NOT NULL,
    on_time bigint NOT NULL,
    late bigint NOT NULL,
    pending_in_time bigint NOT NULL,
    pending_late bigint NOT NULL,
    refused bigint NOT NULL,
    PRIMARY KEY (form, period, office, commune, selector)
);
COMMENT ON TABLE period_cell IS 'The newest version of each closed period by office, commune and procedure';

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
COMMENT ON TABLE period_counted IS 'As what each dossier stands in the newest versions of all closed periods';

CREATE TABLE period_report (
    form text NOT NULL,
    period text NOT NULL,
    by text NOT NULL,
    unit text NOT NULL,
    version integer NOT NULL,
    known_at timestamptz,
    lines json NOT NULL,
    PRIMARY KEY (form, period, by, unit, version)
);
COMMENT ON TABLE period_report IS 'Every version that was published; a version leaves out what it does not change';
COMMENT ON COLUMN period_report.by IS 'What a line is about: office, commune, field, procedure';
COMMENT ON COLUMN period_report.unit IS 'Office of a report of its own; empty: the whole province';
COMMENT ON COLUMN period_report.known_at IS 'Newest append time of a dossier that the version stands on';
COMMENT ON COLUMN period_report.lines IS 'List of [code, nine counts]';

CREATE TABLE period_correction (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    form text NOT NULL,
    period text NOT NULL,
    version integer NOT NULL,
    case_id text NOT NULL,
    event_id text NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    office_before text NOT NULL,
    commune_before text NOT NULL,
    selector_before text NOT NULL,
    received_before text NOT NULL,
    outcome_before text NOT NULL,
    office_after text NOT NULL,
    commune_after text NOT NULL,
    selector_after text NOT NULL,
    received_after text NOT NULL,
    outcome_after text NOT NULL
);
CREATE INDEX period_correction_period ON period_correction (form, period, version);
CREATE INDEX period_correction_case ON period_correction (case_id);
COMMENT ON TABLE period_correction IS 'A dossier counts differently in a closed period since the event named here';
COMMENT ON COLUMN period_correction.version IS 'The first version with it';
COMMENT ON COLUMN period_correction.outcome_before IS 'Column on the right of the form; empty: not in the period';
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(PERIODS)


def downgrade() -> None:
    """Take the tables away, with all versions that were published."""
    for table in ("period_closing", "period_close", "period_cell", "period_counted", "period_report"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP TABLE period_correction")
