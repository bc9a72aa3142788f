"""Models of the quality engines: which are known, where they lie, what may be loaded of them."""
