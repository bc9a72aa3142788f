"""Diarizers: engines that distinguish speakers by vectors of their voices."""
