"""A job's end: where its results and its original go."""
