"""The voice Joe of Piper as an engine for Dropdub."""
