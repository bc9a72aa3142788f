"""XTTS, the quality synthesizer."""
