"""Tests of what is asked of TMDB, and recordings of its answers."""
