"""Real servers for the tests and the demo: PostgreSQL, Kafka, the relay."""
