"""The invitation in the served pages: joining by a link, one's own page, and who may read what."""
