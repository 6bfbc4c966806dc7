"""Producers: from an agency's events to the topics."""
