"""Intake: turn a settled file in the inbox into a queued job."""
