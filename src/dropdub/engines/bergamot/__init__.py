"""Bergamot, the small translator: the models of Firefox Translations."""
