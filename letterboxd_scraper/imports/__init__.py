"""Files that people export or save themselves, read into the same data as a crawl."""
