"""Whose taste is like whose in a cohort."""
