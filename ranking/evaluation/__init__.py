"""How well strategies predict ratings that were hidden from them."""

# It says how many threads NumPy may take, for which NumPy must not be loaded yet.
import ranking.recommend  # noqa: F401
