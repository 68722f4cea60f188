"""Jobs that run every night or month without anybody there: their steps, where they run, what calls them."""
