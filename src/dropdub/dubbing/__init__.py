"""A dub: utterances, their voices, their places on the timeline, their track, and how good it is."""
