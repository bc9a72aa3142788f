"""What is in a recording's speech: where, in which language, by whom, in which sentences."""
