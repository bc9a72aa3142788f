"""The parts of `quality.py`: what is heard, by which ways, what is measured, and the tables."""
