"""What every column is, for people who query the ledger with SQL: comments for those that have none yet.

A column means the same wherever its name occurs, unless it is told apart for its table. ``lienthong ledger describe``
prints the words again, out of the database.
"""

from typing import Any

from alembic import op
from psycopg import sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = {
    "accepted_at": "When the outbox of the sender accepted the event: the earliest of its deliveries",
    "applied_digest": "Digest of the event with the same number that applies",
    "at": "When it was done",
    "begin_at": "Instant at which the first day begins",
    "body": "The record, as JSON text",
    "bus_time": "The time of the bus",
    "by": "What its lines are by",
    "carried": "It came in by an opening balance: received before the bus came",
    "carried_over": "Received before the period and not resolved before it",
    "case_ends": "By source, the position up to which cases were read",
    "case_id": "The case: kind:authority:local",
    "cause": "Why: epoch.seq of an event, id of a reference record, or a due time",
    "change": "changed, opening (the case was open before the bus came) or handover",
    "channel": "How the case came in; empty where its kind has none",
    "checksum_offset": "Offset of the checksum of the workers that differs",
    "clock": "Name of the clock, such as processing",
    "code": "What is wrong, as a code",
    "commune": "Five-digit code of the commune concerned; empty where none is",
    "commune_after": "Commune that counts the case now",
    "commune_before": "Commune that counted the case before",
    "complete_through": "By office, microseconds since 1970 up to which it was heard",
    "confirmed_by": "Announcement that made a provisional one firm",
    "consumer": "Who refused the record",
    "copies": "How many refused the same record, or the same one again",
    "deadlines_ended": "Ended cases, as the workers count",
    "deadlines_ended_late": "Cases that ended late, as the workers count",
    "deadlines_received": "Received cases, as the workers count",
    "declined": "Cases that were stopped before they were received",
    "detail": "What is wrong, in words",
    "digest": "Digest of the content of the event, 16 bytes: the same change sent twice has the same",
    "digitise_known": "Cases of which is known whether their papers were digitised",
    "digitised": "Whether the papers were digitised at intake; NULL: not known",
    "direct": "New in the period, handed in directly or by post",
    "due_at": "The stated due time; NULL: none is stated",
    "due_at_after": "Its due time now",
    "due_at_before": "Its due time before",
    "duplicate_of": "Case id of the report that this one repeats",
    "early": "Resolved on a day before the due day",
    "end_at": "Instant at which the last day is over",
    "ended": "Ended cases: those that state when they ended",
    "ended_at": "When the case was handled; NULL: it is not, or does not say",
    "ended_at_after": "Its end now",
    "ended_at_before": "Its end before",
    "ended_early": "Ended on a day before the stated due day (Vietnamese time)",
    "ended_late": "Ended after the stated due time",
    "ended_late_by_day": "Of them, those that ended on a later day (Vietnamese time)",
    "ended_on_time": "Ended on the stated due day, not after the due time",
    "ended_undated": "Ended, and no due time is stated",
    "episode": "Reopening a case starts a new one; from 1",
    "epoch": "Who numbers the case: rises with a handover only; from 1",
    "event_id": "Id of the event",
    "fee_known": "Cases of which is known how the fee was paid",
    "fee_online": "Of them, those paid online",
    "fee_paid": "How the fee was paid: online, cash or none; NULL: not known",
    "firmness": "firm, or provisional and why",
    "first_day": "First day of the period",
    "first_seen": "When it was refused first",
    "first_seq": "First number that is missing",
    "form": "Code of the form",
    "happened_at": "The instant in the field: start, pause, due time, end",
    "id": "Number in the order of writing",
    "announced_at": "The time of the bus when it was said",
    "in_process": "Received, not ended, neither paused nor stopped",
    "judged_at": "Time of the bus by which published figures are judged",
    "key": "Key of the record",
    "kind": "Kind of case: dossier, field-report, periodic-report, document or task",
    "known_at": "Append time of the log: when the bus knew it; never the clock of the database",
    "known_from": "Time from which the bus knew the record",
    "last_day": "Last day of the period",
    "last_known_at": "Append time of the newest one",
    "last_seq": "Last number: of the epoch that a handover ends, or of those that are missing",
    "late": "Resolved late",
    "ledger_ended": "Ended cases, as the ledger counts",
    "ledger_ended_late": "Cases that ended late, as the ledger counts",
    "ledger_received": "Received cases, as the ledger counts",
    "letter_id": "Id of the letter: of topic, partition, offset and stage",
    "letters": "How many",
    "level": "Level of a warning or an escalation; else empty",
    "next_epoch": "Only in a handover: the epoch that follows",
    "next_offset": "Offset of the next record to read",
    "occurred_at": "When it happened, by the clock of the office",
    "office": "Agency code of the office that holds the case",
    "office_after": "Office that counts the case now",
    "office_before": "Office that counted the case before",
    "offset": "Offset of the record in its partition",
    "on_time": "Resolved on the due day, or without a due day",
    "online": "New in the period, handed in online",
    "only_one": "Always true: the table has one row",
    "open": "Received and not ended: in process, paused and stopped",
    "outcome_after": "What it counts as now",
    "outcome_before": "What it counted as before",
    "over_at": "When the dossier was over; NULL: it is not",
    "partition": "Partition of the topic in which the case lies",
    "paused": "Received, not ended, and waiting for others by its status",
    "paused_seconds": "Seconds that the clock had been paused",
    "pending_in_time": "Not resolved at the end of the period, and in time",
    "pending_late": "Not resolved at the end of the period, and late",
    "period": "The period, such as 2026-M10, 2026-Q3 or 2026",
    "policy": "record_id of the policy used; empty where none applies",
    "problems": "All that is wrong with the record",
    "rated": "Cases that the citizen rated",
    "rating": "Satisfaction of the citizen, 1 to 5; NULL: not rated",
    "received": "Received cases: in process, paused, stopped and ended",
    "received_after": "What it counts as among the received now",
    "received_at": "When the case was received complete and valid; NULL: not yet",
    "received_before": "What it counted as among the received before",
    "record_id": "kind/key/version of the record",
    "recorded_at": "The timestamp of the record",
    "reference_end": "How far the reference data was read",
    "refers_to": "The announcement that this one withdraws or confirms",
    "refused": "Of the resolved: refused after they had been received",
    "repeated": "Reports that repeat another one",
    "satisfied": "Of the rated ones, those with 4 or 5",
    "sealed": "The epoch of the event was handed over",
    "selector": "Procedure, category, form or type of document or task",
    "selector_after": "Procedure under which the case counts now",
    "selector_before": "Procedure under which the case counted before",
    "seq": "Number of the event in its epoch, from 1",
    "settled_key": "case|clock|episode|kind|level|cause, or what names a finding",
    "signature": "Verification of the signature: valid, invalid or absent; NULL: not checked",
    "signature_known": "Documents whose signature was looked at",
    "signed": "Of them, those with a valid signature",
    "source_offset": "Offset of the next record that whoever said it did not know",
    "source_partition": "Partition of that position",
    "source_ref": "Reference of the record in the system of the sender",
    "source_topic": "Topic of that position",
    "stage": "Where it was refused: decode, rule or apply",
    "standing": "It holds: it was neither withdrawn, nor is it a word about another one",
    "state": "open, replayed or waived",
    "stated_due_at": "The due time of the last state, as stated",
    "status": "Status after the change; see the table of states of the kind",
    "stopped": "Received, over by their status, and without a time of end",
    "through_day": "Every period that ends on this day or before is closed",
    "time_zone": "Time zone that says which day an instant belongs to",
    "topic": "Topic without the prefix of the bus",
    "unit": "Unit of the report",
    "updated_known_at": "Append time of the newest record read",
    "urgency": "Urgency as stated; NULL: its kind has none",
    "used_seconds": "Seconds that the clock had run",
    "valid_from": "Time from which the record holds",
    "value": "The bytes of the record, as written",
    "version": "Number of the version",
    "version_num": "Step at which these tables are",
    "waiting": "Cases that are known and not yet received",
    "who": "Who did it",
    "why": "Why it was done",
    "withdrawn_by": "Announcement that took it back; it stands no longer",
    "written_offset": "Offset at which the record was written again",
    "written_partition": "Partition to which it was written",
    "written_topic": "Topic to which it was written",
    "action": "replay, fix or waive",
    "below": "Exactly the records with a smaller offset are counted",
}
"""What a column is by its name."""

OF_TABLE = {
    (
        "clock_event",
        "kind",
    ): "started, paused, resumed, breached, confirmed, met, met-late, stopped, cleared",
    ("clock_event", "due_at"): "The due time that counts: the stated one, plus the pauses opened since",
    ("finding", "kind"): "raised or withdrawn",
    ("reference", "kind"): "Kind of reference data: calendar, policy, states, unit and others",
    ("reference", "key"): "Key of the record among those of its kind",
    ("correction", "event_id"): "Event that changed the figure",
    ("correction", "epoch"): "Epoch of that event",
    ("correction", "seq"): "Number of that event",
    ("correction", "known_at"): "Append time of that event",
    ("dead_letter", "partition"): "Partition of the record",
    ("dead_letter_by_office", "office"): "Whose records they are; empty where it cannot be read",
    ("total_part", "carried"): "Of the received ones: brought in by an opening balance",
    ("total_part", "digitised"): "Of those of which it is known: digitised at intake",
    ("total", "waiting"): "Cases that are known and not received: waiting and declined",
    ("period_correction", "event_id"): "Event that changed the figure",
}
"""What a column is in one table where that is something else."""

_BARE = """
    SELECT relname, attname, relkind::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
      AND col_description(attrelid, attnum) IS NULL
"""


def upgrade() -> None:
    """Put words on every column without."""
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute("COMMENT ON TABLE migration IS 'The step at which these tables are'")
    for table, column, _ in connection.execute(_BARE).fetchall():
        text = OF_TABLE.get((table, column)) or COLUMNS.get(column)
        if text is not None:
            statement = sql.SQL("COMMENT ON COLUMN {}.{} IS {}")
            connection.execute(statement.format(sql.Identifier(table), sql.Identifier(column), sql.Literal(text)))


def downgrade() -> None:
    """Words do no harm."""
