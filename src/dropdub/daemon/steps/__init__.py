"""Steps: which one is next, where it runs, how long it may take, what became of it."""
