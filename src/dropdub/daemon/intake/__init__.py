"""From a settled file in the inbox to a queued job."""
