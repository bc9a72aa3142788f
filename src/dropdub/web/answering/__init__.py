"""Answers of every kind: errors, streams of events, files, and what takes long."""
