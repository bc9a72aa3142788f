"""What stands before every request: who may ask, from where, by which name, and how much at once."""
