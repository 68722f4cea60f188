# Not asked of the installation: an egg that Scrapyd runs is none.
__version__ = "1.0.0rc1"
