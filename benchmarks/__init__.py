"""Benchmarks: CPU per event, side by side in one run on a real Kafka. ``make bench`` runs them; nothing here is timed
by a test."""
