"""Files that programs and pages send: streamed to `work/uploads/`, hashed on the way, handed to jobs by a rename."""
