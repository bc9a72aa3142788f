"""Read EPUB books, and write them again with their words translated."""
