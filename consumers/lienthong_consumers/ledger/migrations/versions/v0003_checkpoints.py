"""What ledger and deadline workers had counted after the same records, and the views that compare it.

The totals of a ledger from before this step lie under the lowest partition of each batch; they are counted anew.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHECKPOINTS = """
CREATE TABLE checkpoint (
    topic text NOT NULL,
    partition integer NOT NULL,
    below bigint NOT NULL,
    counted_by text NOT NULL CHECK (counted_by IN ('ledger', 'deadlines')),
    digest text NOT NULL,
    received jsonb NOT NULL,
    ended jsonb NOT NULL,
    ended_late jsonb NOT NULL,
    known_at timestamptz NOT NULL,
    written bigint NOT NULL,
    PRIMARY KEY (topic, partition, below, counted_by, digest)
);
COMMENT ON TABLE checkpoint IS 'Figures of ledger and deadline workers after all records below an offset';
COMMENT ON COLUMN checkpoint.topic IS 'Case topic that is counted';
COMMENT ON COLUMN checkpoint.partition IS 'Its partition';
COMMENT ON COLUMN checkpoint.below IS 'Exactly the records with a smaller offset are counted';
COMMENT ON COLUMN checkpoint.counted_by IS 'ledger, or deadlines: the workers of the streams';
COMMENT ON COLUMN checkpoint.digest IS 'Of the figures: equal digests, equal figures';
COMMENT ON COLUMN checkpoint.received IS 'By office, cases received';
COMMENT ON COLUMN checkpoint.ended IS 'By office, cases ended';
COMMENT ON COLUMN checkpoint.ended_late IS 'By office, cases ended after their stated due time';
COMMENT ON COLUMN checkpoint.known_at IS 'Append time of the newest record counted, or of the checksum';
COMMENT ON COLUMN checkpoint.written IS 'Offset of the newest checksum that says so; 0 for the ledger';

ALTER TABLE position ADD COLUMN compared_from bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN position.compared_from IS 'Position at which figures began to be compared with the deadline workers';
UPDATE position SET compared_from = next_offset;
"""

VIEWS = """
CREATE VIEW figures_comparison AS
SELECT topic, partition, below, agreed, agrees,
       NOT agreed AND EXISTS (
           SELECT FROM dead_letter AS letter
           WHERE letter.topic = pair.topic AND letter.partition = pair.partition AND letter."offset" < pair.below
             AND letter.stage = 'apply' AND letter.consumer = 'deadlines'
       ) AS set_aside
FROM (
    SELECT own.topic, own.partition, own.below, bool_and(own.digest = live.digest) AS agreed,
           (array_agg(own.digest = live.digest ORDER BY live.written DESC))[1] AS agrees
    FROM checkpoint AS own JOIN checkpoint AS live USING (topic, partition, below)
    WHERE own.counted_by = 'ledger' AND live.counted_by = 'deadlines'
    GROUP BY own.topic, own.partition, own.below, own.digest
) AS pair;
COMMENT ON VIEW figures_comparison IS 'Offsets at which both have counted; whether they agree';
COMMENT ON COLUMN figures_comparison.agreed IS 'All that the workers ever said is what the ledger says';
COMMENT ON COLUMN figures_comparison.agrees IS 'Their newest word is';
COMMENT ON COLUMN figures_comparison.set_aside IS 'They had put a record below aside that the ledger took';

CREATE VIEW figures_mismatch AS
SELECT topic, partition, below, office, live.written AS checksum_offset,
       coalesce((own.received ->> office)::bigint, 0) AS ledger_received,
       coalesce((live.received ->> office)::bigint, 0) AS deadlines_received,
       coalesce((own.ended ->> office)::bigint, 0) AS ledger_ended,
       coalesce((live.ended ->> office)::bigint, 0) AS deadlines_ended,
       coalesce((own.ended_late ->> office)::bigint, 0) AS ledger_ended_late,
       coalesce((live.ended_late ->> office)::bigint, 0) AS deadlines_ended_late
FROM checkpoint AS own JOIN checkpoint AS live USING (topic, partition, below),
     LATERAL jsonb_object_keys(
         own.received || live.received || own.ended || live.ended || own.ended_late || live.ended_late
     ) AS office
WHERE own.counted_by = 'ledger' AND live.counted_by = 'deadlines' AND own.digest <> live.digest
  AND (own.received -> office, own.ended -> office, own.ended_late -> office)
      IS DISTINCT FROM (live.received -> office, live.ended -> office, live.ended_late -> office);
COMMENT ON VIEW figures_mismatch IS 'Where both have counted differently: the office, and both figures';
"""

TOTALS = """
DELETE FROM total_part;
INSERT INTO total_part (kind, partition, office, waiting, received, ended, ended_late, open)
SELECT current.kind, event.partition, current.office,
       count(*) FILTER (WHERE current.received_at IS NULL AND current.ended_at IS NULL),
       count(*) FILTER (WHERE current.received_at IS NOT NULL OR current.ended_at IS NOT NULL),
       count(*) FILTER (WHERE current.ended_at IS NOT NULL),
       count(*) FILTER (WHERE current.ended_at > current.due_at),
       count(*) FILTER (WHERE current.received_at IS NOT NULL AND current.ended_at IS NULL)
FROM case_row AS current JOIN case_event AS event USING (case_id, epoch, seq, digest)
GROUP BY current.kind, event.partition, current.office;
"""


def upgrade() -> None:
    """Make table and views, and put the totals under the partitions of their cases."""
    for statements in (CHECKPOINTS, VIEWS, TOTALS):
        op.execute(statements)


def downgrade() -> None:
    """Take table and views away."""
    op.execute("DROP VIEW figures_mismatch, figures_comparison")
    op.execute("DROP TABLE checkpoint")
    op.execute("ALTER TABLE position DROP COLUMN compared_from")
