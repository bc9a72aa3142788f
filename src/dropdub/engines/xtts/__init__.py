"""The quality synthesizer, XTTS."""
