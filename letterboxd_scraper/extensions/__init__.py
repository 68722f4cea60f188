"""What stands around a crawl: how it starts, its row in the log of runs, its summary."""
