"""What translators share: ways through models for pairs of languages, and the choice between wordings."""
