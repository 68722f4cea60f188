# Not asked of the installation: an egg that Scrapyd runs is none.
__version__ = "0.1.0"
