"""The first tables: positions, history, current rows, totals, what is missing or in conflict, announcements, letters.

The search path is the ledger's schema. Times are ``timestamptz``; ``known_at`` is always the append time of the log,
never the database's clock.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

POSITIONS = """
CREATE TABLE position (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    updated_known_at timestamptz,
    entries bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
);
COMMENT ON TABLE position IS 'Next offset of each partition; changes in the transaction of what it stands for';
COMMENT ON COLUMN position.entries IS 'Records that became rows of a table';
COMMENT ON COLUMN position.duplicates IS 'Records that were there already';
COMMENT ON COLUMN position.refused IS 'Records that became dead letters';
"""

CASES = """
CREATE TABLE case_event (
    case_id text NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL,
    kind text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    known_at timestamptz NOT NULL,
    office text NOT NULL,
    commune text NOT NULL,
    selector text NOT NULL,
    channel text NOT NULL,
    change text NOT NULL,
    status text NOT NULL,
    occurred_at timestamptz NOT NULL,
    accepted_at timestamptz NOT NULL,
    received_at timestamptz,
    due_at timestamptz,
    ended_at timestamptz,
    next_epoch integer,
    last_seq bigint,
    source_ref text,
    event_id text NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (case_id, epoch, seq, digest)
);
COMMENT ON TABLE case_event IS 'Every event ever read, once; what applies of it is in case_row';

CREATE TABLE case_row (
    case_id text PRIMARY KEY,
    kind text NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL,
    accepted_at timestamptz NOT NULL,
    office text NOT NULL,
    commune text NOT NULL,
    selector text NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    received_at timestamptz,
    due_at timestamptz,
    ended_at timestamptz,
    known_at timestamptz NOT NULL,
    sealed boolean NOT NULL
);
CREATE INDEX case_row_open ON case_row (kind, due_at) WHERE ended_at IS NULL;
COMMENT ON TABLE case_row IS 'Current state of each case: its event with the highest (epoch, seq) that applies';

CREATE TABLE total_part (
    kind text NOT NULL,
    partition integer NOT NULL,
    office text NOT NULL,
    waiting bigint NOT NULL,
    received bigint NOT NULL,
    ended bigint NOT NULL,
    ended_late bigint NOT NULL,
    open bigint NOT NULL,
    PRIMARY KEY (kind, partition, office)
);
COMMENT ON TABLE total_part IS 'Figures by partition, so that several sinks never wait for one another';

CREATE VIEW total AS
SELECT office, kind, sum(waiting)::bigint AS waiting, sum(received)::bigint AS received, sum(ended)::bigint AS ended,
       sum(ended_late)::bigint AS ended_late, sum(open)::bigint AS open
FROM total_part GROUP BY office, kind;
COMMENT ON VIEW total IS 'Figures of each office and kind of case; received = ended + open';
"""

IRREGULARITIES = """
CREATE TABLE gap (
    case_id text NOT NULL,
    epoch integer NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    known_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, epoch, first_seq, last_seq)
);
COMMENT ON TABLE gap IS 'Numbers that are missing now; a gap that is filled leaves the table';

CREATE TABLE conflict (
    case_id text NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL,
    applied_digest bytea NOT NULL,
    known_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, epoch, seq, digest)
);
COMMENT ON TABLE conflict IS 'Events that lost against another one with the same number (applied_digest)';

CREATE TABLE held (
    case_id text NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL,
    known_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, epoch, seq, digest)
);
COMMENT ON TABLE held IS 'Events that are history only: no handover allows their epoch or their number';

CREATE TABLE correction (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id text NOT NULL,
    kind text NOT NULL,
    event_id text NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    known_at timestamptz NOT NULL,
    office_before text NOT NULL,
    due_at_before timestamptz,
    ended_at_before timestamptz,
    office_after text NOT NULL,
    due_at_after timestamptz,
    ended_at_after timestamptz
);
COMMENT ON TABLE correction IS 'A case counted as ended counts differently since the event named here';
"""

ANNOUNCEMENTS = """
CREATE TABLE clock_event (
    event_id text PRIMARY KEY,
    settled_key text NOT NULL,
    case_id text NOT NULL,
    clock text NOT NULL,
    episode integer NOT NULL,
    kind text NOT NULL,
    level text NOT NULL,
    cause text NOT NULL,
    refers_to text,
    firmness text NOT NULL,
    happened_at timestamptz NOT NULL,
    announced_at timestamptz NOT NULL,
    stated_due_at timestamptz,
    due_at timestamptz,
    office text NOT NULL,
    commune text NOT NULL,
    selector text NOT NULL,
    used_seconds bigint NOT NULL,
    paused_seconds bigint NOT NULL,
    policy text NOT NULL,
    reference_end bigint NOT NULL,
    source_topic text NOT NULL,
    source_partition integer NOT NULL,
    source_offset bigint NOT NULL,
    known_at timestamptz NOT NULL,
    standing boolean NOT NULL,
    withdrawn_by text,
    confirmed_by text
);
CREATE INDEX clock_event_refers_to ON clock_event (refers_to) WHERE refers_to IS NOT NULL;
CREATE INDEX clock_event_case ON clock_event (case_id);
CREATE INDEX clock_event_standing ON clock_event (kind) WHERE standing;
COMMENT ON TABLE clock_event IS 'What was announced about clocks; standing: it holds, and is no word about another';

CREATE TABLE finding (
    event_id text PRIMARY KEY,
    settled_key text NOT NULL,
    case_id text NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    refers_to text,
    cause text NOT NULL,
    detail text NOT NULL,
    announced_at timestamptz NOT NULL,
    office text NOT NULL,
    commune text NOT NULL,
    source_topic text NOT NULL,
    source_partition integer NOT NULL,
    source_offset bigint NOT NULL,
    known_at timestamptz NOT NULL,
    standing boolean NOT NULL,
    withdrawn_by text
);
CREATE INDEX finding_refers_to ON finding (refers_to) WHERE refers_to IS NOT NULL;
CREATE INDEX finding_case ON finding (case_id);
COMMENT ON TABLE finding IS 'What is wrong in the data of cases, kept and flagged; standing: raised and not withdrawn';

CREATE TABLE reference (
    record_id text NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    version integer NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    body text NOT NULL,
    "offset" bigint PRIMARY KEY,
    known_at timestamptz NOT NULL
);
COMMENT ON TABLE reference IS 'The records of reference.v1, in their order';
"""

LETTERS = """
CREATE TABLE dead_letter (
    letter_id text PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    stage text NOT NULL,
    code text NOT NULL,
    problems text[] NOT NULL,
    consumer text NOT NULL,
    first_seen timestamptz NOT NULL,
    office text NOT NULL,
    key bytea,
    value bytea,
    headers json NOT NULL,
    known_at timestamptz NOT NULL,
    copies integer NOT NULL DEFAULT 1,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'waived'))
);
CREATE INDEX dead_letter_state ON dead_letter (state, known_at);
COMMENT ON TABLE dead_letter IS 'Records that were refused, byte for byte; written = open + replayed + waived';
COMMENT ON COLUMN dead_letter.office IS 'Whose record it is, as far as it can be read; empty where it cannot';
COMMENT ON COLUMN dead_letter.headers IS 'List of [name, value in base64]';

CREATE TABLE letter_action (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    letter_id text NOT NULL REFERENCES dead_letter,
    action text NOT NULL CHECK (action IN ('replay', 'fix', 'waive')),
    who text NOT NULL,
    why text NOT NULL,
    at timestamptz NOT NULL,
    written_topic text,
    written_partition integer,
    written_offset bigint
);
CREATE INDEX letter_action_letter ON letter_action (letter_id);
COMMENT ON TABLE letter_action IS 'Who did what to a dead letter, when and why';

CREATE VIEW dead_letter_by_office AS
SELECT office, topic, code, state, count(*) AS letters, max(known_at) AS last_known_at
FROM dead_letter GROUP BY office, topic, code, state;
COMMENT ON VIEW dead_letter_by_office IS 'Dead letters of each sender, for limits and alerts';
"""


def upgrade() -> None:
    """Make all tables."""
    for statements in (POSITIONS, CASES, IRREGULARITIES, ANNOUNCEMENTS, LETTERS):
        op.execute(statements)


def downgrade() -> None:
    """Refused: to undo this step is to delete the ledger."""
    raise RuntimeError("the first tables cannot be undone; drop the schema of the ledger to delete it")
