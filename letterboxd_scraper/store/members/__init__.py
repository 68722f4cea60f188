"""What is stored of members: their ratings and likes, their cohorts, and what they asked to be forgotten."""
