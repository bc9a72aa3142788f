"""Readers for what anybody may have written: bounded in time and memory, whatever they are given."""
