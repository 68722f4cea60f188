"""What is new in a circle since a moment: for people, for programs, as a page and as a feed."""
