"""From finished artifacts to files in the outbox."""
