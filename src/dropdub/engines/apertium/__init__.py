"""The light translator, Apertium."""
