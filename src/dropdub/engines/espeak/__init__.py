"""eSpeak NG, the synthesizer for languages that no better one speaks."""
