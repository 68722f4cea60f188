"""``python -m benchmarks.metered FILE MODULE …``: run a module and report its peak memory, in MB."""

import runpy
import sys
from pathlib import Path

from benchmarks.meter import peak_memory

report, module = sys.argv[1:3]
sys.argv = sys.argv[2:]
try:
    runpy.run_module(module, run_name="__main__", alter_sys=True)
finally:
    Path(report).write_text(f"{peak_memory()}")
