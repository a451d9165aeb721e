"""Contact lists: dbimpexp's XML, and the comparison of two lists."""
