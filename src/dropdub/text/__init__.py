"""Read texts and documents, and split them into paragraphs and chapters."""
