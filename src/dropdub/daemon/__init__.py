"""The supervisor and its parts; `runs` has the ways in."""
