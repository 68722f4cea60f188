"""What one member would give the films of a circle, and what several could watch together."""

import os

# The model solves many systems of some sixty equations. Where others work on the machine, too, OpenBLAS takes
# up to twenty times the processor's time for each with several threads. It reads this when NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
