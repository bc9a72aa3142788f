"""What all translators on CTranslate2 share."""
