"""Safe handling of files and folders: durable writes, copies, removal, ownership and permissions."""
