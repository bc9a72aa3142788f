"""Compare two engines of a role on one file, each in a worker of its own: `dropdub engines compare`."""
