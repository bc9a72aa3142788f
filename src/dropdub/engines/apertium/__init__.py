"""Apertium, the light translator."""
