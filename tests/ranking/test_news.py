"""What is news of a circle: what is loved, moved, first rated, and who came and went."""
