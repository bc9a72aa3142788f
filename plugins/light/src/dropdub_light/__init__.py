"""Engines for Dropdub that need no model files: PocketSphinx hears English, Apertium translates."""
