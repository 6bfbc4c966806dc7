"""Streams: deadlines and their clock events."""
