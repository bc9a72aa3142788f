"""Films: their tracks, their sound, their clock."""
