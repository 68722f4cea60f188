"""Rankings as texts that other programs read."""
