"""The quality translator, NLLB on CTranslate2."""
