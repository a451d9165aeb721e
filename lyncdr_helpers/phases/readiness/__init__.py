"""What 1_prepare looks at, one noun per file. Each has a function that asks a session and returns checks."""
