"""The process: its port, its connections, its settings, and its lines to the supervisor."""
