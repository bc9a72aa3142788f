"""Dropdub: a drop folder that turns recordings and texts into transcripts, subtitles, translations and dubs."""

__version__ = "0.1.0"
