"""Adapters to Apache Kafka; the one place that imports the client."""
