"""What one member would give the films of a circle, and what several could watch together."""
