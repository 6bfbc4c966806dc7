"""The exporter: what can be seen of a bus from outside, broker and ledger, as Prometheus metrics."""
