"""The load job beside a naive job and beside the bare floor, measured on this machine."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Glue puts the jobs' code on the path; here nobody else does.
sys.path.append(str(ROOT / "glue_scripts"))
