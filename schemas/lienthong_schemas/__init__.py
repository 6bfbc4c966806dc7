"""The contract: topics, Avro schemas, events, codec and reference data."""
