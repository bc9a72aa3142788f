"""Dubbed videos: tracks, the choice of the audio track, and timestamps."""
