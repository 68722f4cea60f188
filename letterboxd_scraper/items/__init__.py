"""Frozen data that passes between rooms: pages make it, spiders hand it on, the store keeps it."""
