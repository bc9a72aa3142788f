"""Rooms: two people who speak different languages, each heard in the other's."""
