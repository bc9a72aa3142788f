"""Telling others that a job has ended: a web address, a program. Knows neither the database nor the daemon."""
