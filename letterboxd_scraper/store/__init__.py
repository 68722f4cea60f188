"""The database: tables, migrations, reading and writing. Knows items, never pages or Scrapy."""
