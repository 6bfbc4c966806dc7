"""How the PostgreSQL schema of a bus is called."""

from __future__ import annotations


def schema_of(prefix: str) -> str:
    """``h27-trial`` keeps its ledger in the schema ``ledger_h27_trial``.

    Prefixes consist of lower-case letters, digits and ``-`` (settings), so the name needs no quoting and no two
    prefixes share one.
    """
    return f"ledger_{prefix.replace('-', '_')}"
