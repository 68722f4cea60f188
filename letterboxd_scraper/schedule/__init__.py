"""Nights and months without anybody there: what is done, where, and what calls it."""
