"""Read, measure, mix and write sound as samples."""
