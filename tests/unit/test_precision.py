"""Single precision: kernels without doubles, the same bits for any blocks, and states close to those of double precision."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from crmpi import precision
from crmpi.errors import CrmpiError

SCRIPT = """
import json, zlib
import numpy as np
from crmpi.bench.boxes import Box
found = {}
for name in ("cr_mhd", "two_moment"):
    for block in ((16, 8, 8), (8, 8, 4)):
        box = Box(name, (16, 8, 8), block)
        for _ in range(2):
            box.step()
        pack = box.sim.pack
        whole = np.empty((pack.nvar, 8, 8, 16), pack.u0.dtype)
        for values, (i, j, k) in zip(pack.active(pack.u0), pack.origins):
            whole[:, k : k + block[2], j : j + block[1], i : i + block[0]] = values
        state = whole.ravel().astype(float).tolist()
        found[f"{name} {block}"] = {"type": str(whole.dtype), "crc": zlib.crc32(whole.tobytes()), "state": state}
print(json.dumps(found))
"""


def states(name):
    """Return what the script finds in a process of this precision."""
    environment = os.environ | {precision.VARIABLE: name}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def both():
    return {name: states(name) for name in precision.CHOICES}


@pytest.mark.parametrize("box", ["cr_mhd", "two_moment"])
def test_single_is_close_to_double(both, box):
    """Some 100 operations on numbers of order one; 40 sub-steps of transport."""
    single, double = (np.array(both[name][f"{box} (16, 8, 8)"]["state"]) for name in ("single", "double"))
    assert both["single"][f"{box} (16, 8, 8)"]["type"] == "float32" and both["double"][f"{box} (16, 8, 8)"]["type"] == "float64"
    assert 1e-9 < np.abs(single - double).max() < 1e3 * 2.0**-24


@pytest.mark.parametrize("box", ["cr_mhd", "two_moment"])
def test_blocks_do_not_matter_in_single(both, box):
    assert both["single"][f"{box} (16, 8, 8)"]["crc"] == both["single"][f"{box} (8, 8, 4)"]["crc"]


def test_rounding_keeps_small_numbers_from_vanishing():
    assert precision.single(1e-300) > 0.0 and precision.single(-1e-300) < 0.0 and precision.single(0.0) == 0.0
    assert precision.single((1, 0.5, (True, "x"))) == (1, 0.5, (True, "x"))
    assert isinstance(precision.single((0.5,))[0], np.float32)


def test_unknown_precision_is_refused(monkeypatch):
    monkeypatch.setenv(precision.VARIABLE, "half")
    with pytest.raises(CrmpiError, match="CRMPI_PRECISION = 'half' is not one of double, single"):
        precision.chosen()
