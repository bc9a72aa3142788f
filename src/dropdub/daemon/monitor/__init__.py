"""The text monitor: each line that is appended to a file is spoken once, in order."""
