"""Ending a job: its results, its original, its final state."""
