"""Separators, which remove voices from music and noise."""
