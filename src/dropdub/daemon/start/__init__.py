"""What a start does before any work: lock the root, recover, rescue originals, back up."""
