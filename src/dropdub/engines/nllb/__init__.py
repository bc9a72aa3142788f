"""NLLB on CTranslate2, the quality translator."""
