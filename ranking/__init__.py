"""Ranking films by a cohort's ratings. Stands alone: the store's schema and configuration, never Scrapy."""
