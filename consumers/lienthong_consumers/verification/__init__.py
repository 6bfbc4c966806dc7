"""Proving a ledger: its log is replayed into an empty schema by the same sink, and every row is compared."""
