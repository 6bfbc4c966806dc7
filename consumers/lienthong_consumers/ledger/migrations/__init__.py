"""The migrations of the ledger's tables, run by alembic; see ``lienthong_consumers.ledger.migrate``."""
