"""Set up a root: choices, and the settings and packages that they require."""
