"""Write documents again in their own format, with the markup around the translated words."""
