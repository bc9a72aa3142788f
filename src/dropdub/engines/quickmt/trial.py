"""Whether a model translates at all: simple sentences, of whose translations a word is known. Pure.

A model that gets an ending which it did not learn, or lacks one that it did, may write nothing but nonsense.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

SENTENCES: Mapping[str, tuple[str, ...]] = {
    "en": ("The house is red.", "I drink water every day.", "My mother reads a book."),
    "pt": ("A casa é vermelha.", "Eu bebo água todos os dias.", "Minha mãe lê um livro."),
    "es": ("La casa es roja.", "Bebo agua todos los días.", "Mi madre lee un libro."),
    "fr": ("La maison est rouge.", "Je bois de l'eau tous les jours.", "Ma mère lit un livre."),
    "de": ("Das Haus ist rot.", "Ich trinke jeden Tag Wasser.", "Meine Mutter liest ein Buch."),
    "it": ("La casa è rossa.", "Bevo acqua ogni giorno.", "Mia madre legge un libro."),
}
"""The same sentences by language."""
_WORDS: Mapping[str, tuple[frozenset[str], ...]] = {
    language: tuple(frozenset(words.split()) for words in lists)
    for language, lists in {
        "en": ("house home red", "water drink", "mother mom mum book"),
        "pt": ("casa vermelha", "água bebo", "mãe livro"),
        "es": ("casa roja", "agua bebo", "madre libro"),
        "fr": ("maison rouge", "eau bois", "mère livre"),
        "de": ("haus rot", "wasser trinke", "mutter buch"),
        "it": ("casa rossa", "acqua bevo", "madre libro"),
    }.items()
}
"""For each sentence, words of which any translation has at least one."""


def can_be_tried(source: str, target: str) -> bool:
    """Return whether there are sentences for a pair of languages."""
    return source in SENTENCES and target in _WORDS


def makes_sense(translations: Iterable[str], target: str) -> bool:
    """Return whether any of the translations of `SENTENCES`, in their order, has a word that it should have."""
    pairs = zip(_WORDS[target], translations, strict=True)
    return any(words & set(re.findall(r"\w+", text.casefold())) for words, text in pairs)
