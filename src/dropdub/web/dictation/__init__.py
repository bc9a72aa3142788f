"""Dictation: a recording that grows while somebody speaks, and what was understood of it so far."""
