"""The archives that members can download of themselves: a zip of CSV files, read without unpacking it."""
