"""Other programs: run so that none outlives us, and their results kept by content."""
