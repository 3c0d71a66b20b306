"""All verification cases: importing every module `cases_*.py` of this folder fills the list, here
in the order of the numbers."""

import importlib
from pathlib import Path

from tests.verification.table import CASES as REGISTERED

for _file in sorted(Path(__file__).parent.glob("cases_*.py")):
    importlib.import_module(f"tests.verification.{_file.stem}")

CASES = sorted(REGISTERED, key=lambda case: case.order)
