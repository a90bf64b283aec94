"""PostgreSQL: the read model, the event log, the accounts and the outbox of notices."""
