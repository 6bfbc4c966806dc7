"""The ledger: rows, totals and the Kafka position change in one PostgreSQL transaction; here a number is official."""
