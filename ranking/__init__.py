"""A library that ranks films by a cohort's ratings: of ours it knows the store and configuration."""

import os

# Models solve many systems of some sixty equations. Where others work on the machine, too, OpenBLAS takes up
# to twenty times the processor's time for each with several threads. It reads this when NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
