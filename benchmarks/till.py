"""How fast is a till answered? Against the same host's bare endpoints in the same minute.

Run: python -m benchmarks.till. Needs wrk. A server of its own on a new SQLite archive with 2,000
members; `health` is the dashboard's bare endpoint, `echo` a bare FastAPI that answers a body.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2

from benchmarks import results
