"""Read Word documents, and write them again with their words translated."""
