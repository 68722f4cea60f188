"""Engines that rank films from Parquet files, by the same formulas as the database."""
