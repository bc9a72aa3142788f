"""eSpeak NG, the light synthesizer."""
