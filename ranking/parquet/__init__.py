"""A cohort as Parquet files, for analysis and for other engines."""
