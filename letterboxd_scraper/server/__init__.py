"""`letterboxd serve`: what is stored, for browsers and programs; nothing is written."""
