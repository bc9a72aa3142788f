"""Files and folders handled safely: durable writes, copies, removal, and who owns and may read what."""
