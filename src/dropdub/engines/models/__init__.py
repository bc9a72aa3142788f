"""Models of the quality engines: the catalogue, their folders, and what may be loaded from them."""
