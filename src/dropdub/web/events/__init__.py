"""What happens, as a stream of events: one reader of the database for all clients."""
