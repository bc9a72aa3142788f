"""Startup: lock the root, recover, rescue originals, back up the database."""
