"""Figures or dossiers of another system (the national portal, an old one-stop system) against those of the ledger."""
