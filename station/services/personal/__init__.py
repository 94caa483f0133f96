"""What is personal is sealed, told to its owner, kept for its time, and forgotten."""
