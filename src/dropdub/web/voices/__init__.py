"""Voices over HTTP: listed, cloned with consent, prepared, removed."""
