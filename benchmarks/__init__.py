"""What a crawl costs: pages a second, CPU and memory, beside a Scrapy that does nothing with its pages."""
