"""How well strategies foretell ratings that were hidden from them."""
