"""Which films of a ranking somebody wants to see."""
