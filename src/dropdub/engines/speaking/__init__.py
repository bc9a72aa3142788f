"""What synthesizers share: the text they are given, in parts, and checks of what they spoke."""
