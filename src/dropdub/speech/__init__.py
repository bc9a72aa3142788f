"""Analysis of a recording's speech: speech segments, language, speakers and sentences."""
