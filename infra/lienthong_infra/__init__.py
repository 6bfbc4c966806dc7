"""What every column stands on: ports, adapters of Kafka and PostgreSQL, settings, metrics, the embedded servers."""
