"""Sound as samples: read, measured, mixed and written."""
