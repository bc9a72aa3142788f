"""The light synthesizer, eSpeak NG."""
