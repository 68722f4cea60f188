"""The documents, how they are built, and what makes the reference of the program."""
