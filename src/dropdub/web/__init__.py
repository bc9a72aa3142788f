"""The HTTP server: a process of its own that records jobs and answers with their results. It computes nothing."""
