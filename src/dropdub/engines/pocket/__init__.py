"""Pocket TTS of Kyutai: voices cloned on the processor, with a model for each language."""
