"""Whisper on CTranslate2, the quality transcriber."""
