"""Turn finished artifacts into files in the outbox."""
