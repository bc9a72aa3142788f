"""Metrics for monitoring: collected, checked for slowdowns, and exported. Knows nothing of the database."""
