"""What the program takes from its machine: folders to import from, `.env`, Ctrl-C and certificates."""
