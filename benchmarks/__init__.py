"""What a crawl costs: pages a second, CPU and memory, beside a Scrapy that does nothing with its pages."""

# As commands do: it says how many threads NumPy may take, for which NumPy must not be loaded yet.
import ranking.recommend  # noqa: F401
