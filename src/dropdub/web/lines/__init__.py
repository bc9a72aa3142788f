"""The lines of a job: shown with their times and sounds, changed, heard, and made again."""
