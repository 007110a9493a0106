"""What dslc costs beside the tools that its users know: `make bench`, or `python -m benchmarks`.

Everything runs on one thread. The numeric libraries read the limit when they load, so it stands
here, before the first of them; processes that are measured inherit it.
"""

from __future__ import annotations

import os

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR", "BLIS"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
