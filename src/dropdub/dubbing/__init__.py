"""A dub: its utterances, voices, timing, audio track and quality."""
