"""What figures need of an event gets columns, and totals are kept by base cell.

A ledger that has data is carried over: the new columns of its history are read again from the bytes of each event
(``value``), those of the rows come from the history, and the totals are counted anew from the rows. What an event does
not say, or says in a schema that the ledger was never told, stays NULL.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from alembic import op
from psycopg import Connection

from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import ContractError

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE case_event ADD COLUMN urgency text, ADD COLUMN rating smallint, ADD COLUMN fee_paid text,
    ADD COLUMN digitised boolean, ADD COLUMN signature text, ADD COLUMN duplicate_of text;
ALTER TABLE case_row ADD COLUMN carried boolean NOT NULL DEFAULT false, ADD COLUMN partition integer,
    ADD COLUMN urgency text, ADD COLUMN rating smallint, ADD COLUMN fee_paid text,
    ADD COLUMN digitised boolean, ADD COLUMN signature text, ADD COLUMN duplicate_of text;
"""
MARKS = ("urgency", "rating", "fee_paid", "digitised", "signature", "duplicate_of")

ROWS = """
UPDATE case_row AS r SET partition = e.partition, urgency = e.urgency, rating = e.rating, fee_paid = e.fee_paid,
    digitised = e.digitised, signature = e.signature, duplicate_of = e.duplicate_of
FROM case_event AS e
WHERE (e.case_id, e.epoch, e.seq, e.digest) = (r.case_id, r.epoch, r.seq, r.digest);

UPDATE case_row AS r SET carried = true
FROM (SELECT DISTINCT ON (case_id) case_id, change FROM case_event WHERE epoch = 1
      ORDER BY case_id, seq, accepted_at, digest) AS first
WHERE first.case_id = r.case_id AND first.change = 'opening';

ALTER TABLE case_row ALTER COLUMN partition SET NOT NULL, ALTER COLUMN carried DROP DEFAULT;
"""

TOTALS = """
DROP VIEW total;
DROP TABLE total_part;
CREATE TABLE total_part (
    kind text NOT NULL,
    partition integer NOT NULL,
    office text NOT NULL,
    commune text NOT NULL,
    selector text NOT NULL,
    channel text NOT NULL,
    waiting bigint NOT NULL,
    declined bigint NOT NULL,
    received bigint NOT NULL,
    carried bigint NOT NULL,
    in_process bigint NOT NULL,
    paused bigint NOT NULL,
    stopped bigint NOT NULL,
    ended_early bigint NOT NULL,
    ended_on_time bigint NOT NULL,
    ended_late bigint NOT NULL,
    ended_undated bigint NOT NULL,
    ended_late_by_day bigint NOT NULL,
    rated bigint NOT NULL,
    satisfied bigint NOT NULL,
    fee_known bigint NOT NULL,
    fee_online bigint NOT NULL,
    digitise_known bigint NOT NULL,
    digitised bigint NOT NULL,
    signature_known bigint NOT NULL,
    signed bigint NOT NULL,
    repeated bigint NOT NULL,
    ended bigint GENERATED ALWAYS AS (ended_early + ended_on_time + ended_late + ended_undated) STORED,
    open bigint GENERATED ALWAYS AS (in_process + paused + stopped) STORED,
    PRIMARY KEY (kind, partition, office, commune, selector, channel)
);
COMMENT ON TABLE total_part IS 'Figures by base cell and partition; every other total is a sum of these';

CREATE VIEW total AS
SELECT office, kind, sum(waiting + declined)::bigint AS waiting, sum(received)::bigint AS received,
       sum(ended)::bigint AS ended, sum(ended_late)::bigint AS ended_late, sum(open)::bigint AS open
FROM total_part GROUP BY office, kind;
COMMENT ON VIEW total IS 'Figures of each office and kind of case; received = ended + open';
"""

RECOUNT = """
INSERT INTO total_part (kind, partition, office, commune, selector, channel,
    waiting, declined, received, carried, in_process, paused, stopped,
    ended_early, ended_on_time, ended_late, ended_undated, ended_late_by_day,
    rated, satisfied, fee_known, fee_online, digitise_known, digitised, signature_known, signed, repeated)
SELECT kind, partition, office, commune, selector, channel,
    count(*) FILTER (WHERE NOT is_received AND NOT is_stopped), count(*) FILTER (WHERE NOT is_received AND is_stopped),
    count(*) FILTER (WHERE is_received), count(*) FILTER (WHERE is_received AND carried),
    count(*) FILTER (WHERE is_open AND NOT is_stopped AND NOT is_paused),
    count(*) FILTER (WHERE is_open AND NOT is_stopped AND is_paused), count(*) FILTER (WHERE is_open AND is_stopped),
    count(*) FILTER (WHERE end_day < due_day), count(*) FILTER (WHERE end_day = due_day AND ended_at <= due_at),
    count(*) FILTER (WHERE ended_at > due_at), count(*) FILTER (WHERE ended_at IS NOT NULL AND due_at IS NULL),
    count(*) FILTER (WHERE end_day > due_day),
    count(rating), count(*) FILTER (WHERE rating >= 4), count(fee_paid), count(*) FILTER (WHERE fee_paid = 'online'),
    count(digitised), count(*) FILTER (WHERE digitised), count(signature),
    count(*) FILTER (WHERE signature = 'valid'), count(duplicate_of)
FROM (
    SELECT *, received_at IS NOT NULL OR ended_at IS NOT NULL AS is_received,
        received_at IS NOT NULL AND ended_at IS NULL AS is_open,
        ended_at IS NULL AND (kind, status) IN (('dossier', '3'), ('field-report', 'rejected'),
            ('field-report', 'duplicate'), ('field-report', 'hidden'), ('periodic-report', 'waived'),
            ('document', '02'), ('document', '15')) AS is_stopped,
        (kind, status) IN (('dossier', '5'), ('dossier', '6'), ('dossier', '8'), ('document', '13')) AS is_paused,
        (ended_at AT TIME ZONE 'UTC' + interval '7 hours')::date AS end_day,
        (due_at AT TIME ZONE 'UTC' + interval '7 hours')::date AS due_day
    FROM case_row
) AS one
GROUP BY kind, partition, office, commune, selector, channel
"""

_PIECE = 5_000
"""Events read again at a time."""


def upgrade() -> None:
    """Add the columns, fill them, and count all cells."""
    op.execute(COLUMNS)
    connection: Any = op.get_bind().connection.driver_connection
    _read_again(connection)
    op.execute(ROWS)
    op.execute(TOTALS)
    op.execute(RECOUNT)


def downgrade() -> None:
    """Refused: the program before cannot read the totals of this one."""
    raise RuntimeError("the cells cannot be undone; restore the ledger from a backup, or read the log again")


def _read_again(connection: Connection[Any]) -> None:
    """Fill the new columns of the history from the bytes of its events."""
    book = _book(connection)
    connection.execute(
        "CREATE TEMPORARY TABLE mark (place tid, urgency text, rating smallint, fee_paid text, digitised boolean,"
        " signature text, duplicate_of text) ON COMMIT DROP"
    )
    with connection.cursor("history") as history:
        history.execute("SELECT ctid, topic, value FROM case_event")
        while events := history.fetchmany(_PIECE):
            with connection.cursor() as target, target.copy("COPY mark FROM STDIN") as copy:
                for place, *marks in _marks(book, events):
                    copy.write_row((place, *marks))
    connection.execute(
        "UPDATE case_event AS e SET urgency = mark.urgency, rating = mark.rating, fee_paid = mark.fee_paid,"
        " digitised = mark.digitised, signature = mark.signature, duplicate_of = mark.duplicate_of"
        " FROM mark WHERE e.ctid = mark.place"
    )


def _book(connection: Connection[Any]) -> SchemaBook:
    """The schemas of this program, and those that the ledger was told."""
    book = SchemaBook()
    for key, body in connection.execute("SELECT key, body FROM reference WHERE kind = 'schema'"):
        with suppress(Exception):  # whatever the Avro library raises on a broken schema
            book.learn(key.split("@", 1)[0], json.loads(body))
    return book


def _marks(book: SchemaBook, events: list[tuple[str, str, bytes]]) -> Iterator[tuple[Any, ...]]:
    """Where an event lies, and what it says; those that say nothing are left out."""
    for place, topic, value in events:
        with suppress(ContractError):
            whole = book.decode(topic, value)
            marks = [whole.get(name) for name in MARKS]
            if any(mark is not None for mark in marks):
                yield place, *marks
