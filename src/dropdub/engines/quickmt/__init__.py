"""Translators for a pair of languages each, on CTranslate2: quickmt's models, and OPUS-MT's."""
