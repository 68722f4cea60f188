"""How well strategies predict ratings that were hidden from them."""
