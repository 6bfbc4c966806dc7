"""The embedded servers: a real Apache Kafka and a real PostgreSQL on loopback, for demo, tests and trying out."""
