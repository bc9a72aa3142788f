"""Texts and documents: read, cut into paragraphs and chapters."""
