"""A library that ranks films by a cohort's ratings: of ours it knows the store and configuration."""
