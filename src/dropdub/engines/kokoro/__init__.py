"""Kokoro, a small model with several voices for each of seven languages."""
