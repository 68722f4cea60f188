"""From a request to its answer: Scrapy's download handlers and middlewares, and the manners they keep."""
