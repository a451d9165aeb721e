"""What each notebook calls: one module per notebook."""
