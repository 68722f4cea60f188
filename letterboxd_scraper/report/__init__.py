"""What a circle thinks of films, as one HTML file that needs nothing else."""
