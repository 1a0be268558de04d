"""What the pages show, read from the tables as frozen rows."""
