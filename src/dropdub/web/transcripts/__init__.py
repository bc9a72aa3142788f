"""Transcripts as other servers' clients ask for them: OpenAI's formats, and those of whisper-asr-webservice."""
