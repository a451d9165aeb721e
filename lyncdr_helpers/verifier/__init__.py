"""What proves a record: the standard library alone, so that it also runs where nothing is installed (see bundle)."""
