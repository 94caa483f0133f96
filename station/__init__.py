"""Gas-station loyalty and visit analytics."""

import os

# The matrices here are five by five: a pool of threads costs more than the work it shares.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
