"""The quality transcriber, Whisper on CTranslate2."""
