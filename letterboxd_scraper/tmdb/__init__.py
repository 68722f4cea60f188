"""What TMDB knows of films: one request each, through tmdbv3api, at a pace of its own."""
