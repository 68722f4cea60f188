"""Where to go next: requests and items, nothing slow, nothing of the database."""
