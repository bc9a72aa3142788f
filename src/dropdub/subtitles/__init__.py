"""Subtitles: read, laid out, written, burned in, and edited by people."""
