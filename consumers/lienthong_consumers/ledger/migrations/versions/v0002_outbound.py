"""The records that the ledger publishes: written in the transaction of the figures, sent by the relay."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OUTBOUND = """
CREATE TABLE outbound (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key bytea NOT NULL,
    value bytea,
    headers json NOT NULL,
    known_at timestamptz,
    sent_at timestamptz
);
CREATE INDEX outbound_unsent ON outbound (id) WHERE sent_at IS NULL;
CREATE INDEX outbound_key ON outbound (topic, key, id);
COMMENT ON TABLE outbound IS 'Records to publish, and of each published key the newest; sent in the order of id';
COMMENT ON COLUMN outbound.id IS 'Order in which records are sent; ids are handed out and committed in one order';
COMMENT ON COLUMN outbound.topic IS 'Topic without the prefix of the bus';
COMMENT ON COLUMN outbound.key IS 'Key of the record; the newest record of a key counts';
COMMENT ON COLUMN outbound.value IS 'Value of the record as written; NULL deletes the key';
COMMENT ON COLUMN outbound.headers IS 'List of [name, value in base64]';
COMMENT ON COLUMN outbound.known_at IS 'Newest append time that the ledger had read when it was made; NULL: none';
COMMENT ON COLUMN outbound.sent_at IS 'When the broker had acknowledged it, by the database clock; NULL: not yet';
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(OUTBOUND)


def downgrade() -> None:
    """Take the table away, with what was not sent yet."""
    op.execute("DROP TABLE outbound")
