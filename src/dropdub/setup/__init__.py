"""Setting a root up: what is chosen, which settings and packages follow from it."""
