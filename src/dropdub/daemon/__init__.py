"""The supervisor and its parts; `main` has the entry points."""
