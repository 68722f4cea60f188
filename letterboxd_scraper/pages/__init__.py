"""Pages: functions from a parsel Selector to items. No network, no database, no Scrapy."""
