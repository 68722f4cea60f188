"""Films' details from TMDB: one request a film, through tmdbv3api, at a pace of its own."""
