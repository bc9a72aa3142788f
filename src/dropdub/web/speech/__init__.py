"""Speech that requests ask for: what they may ask, and the sound in the format that they want."""
