"""Other programs that foretell ratings, for comparison; each runs in an environment of its own."""
