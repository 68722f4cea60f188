"""What a circle rated within one year: loved, fought about, discovered, and who was first."""
