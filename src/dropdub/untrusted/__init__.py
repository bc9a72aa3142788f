"""Readers for untrusted input, with bounded time and memory."""
