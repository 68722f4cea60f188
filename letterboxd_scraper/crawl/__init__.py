"""Which page comes next, and what it proves. No network, no database, no Scrapy."""
