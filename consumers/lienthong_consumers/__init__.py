"""Consumers: the ledger and the metrics exporter."""
