"""Which members a crawl is to read, and from where on."""
