"""Single precision: kernels without doubles, bitwise identical for any blocks, and states close to
those of double precision."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from crmpi import precision
from crmpi.constants import DENS, ECR, ENER, MOM1
from crmpi.errors import CrmpiError

SCRIPT = """
import json, zlib
import numpy as np
from crmpi.tools.bench.boxes import Box
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
        crc = zlib.crc32(whole.tobytes())
        found[f"{name} {block}"] = {"type": str(whole.dtype), "crc": crc, "state": state}
print(json.dumps(found))
"""


def states(name):
    """Return what the script finds in a process of this precision."""
    environment = os.environ | {precision.VARIABLE: name}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def both():
    return {name: states(name) for name in precision.CHOICES}


@pytest.mark.parametrize("box", ["cr_mhd", "two_moment"])
def test_single_is_close_to_double(both, box):
    """Some 100 operations on numbers of order one; 40 sub-steps of transport."""
    single, double = (
        np.array(both[name][f"{box} (16, 8, 8)"]["state"]) for name in ("single", "double")
    )
    assert (
        both["single"][f"{box} (16, 8, 8)"]["type"] == "float32"
        and both["double"][f"{box} (16, 8, 8)"]["type"] == "float64"
    )
    assert 1e-9 < np.abs(single - double).max() < 1e3 * 2.0**-24


@pytest.mark.parametrize("box", ["cr_mhd", "two_moment"])
def test_blocks_do_not_matter_in_single(both, box):
    assert both["single"][f"{box} (16, 8, 8)"]["crc"] == both["single"][f"{box} (8, 8, 4)"]["crc"]


def test_rounding_keeps_small_numbers_from_vanishing():
    assert (
        precision.single(1e-300) > 0.0
        and precision.single(-1e-300) < 0.0
        and precision.single(0.0) == 0.0
    )
    assert precision.single((1, 0.5, (True, "x"))) == (1, 0.5, (True, "x"))
    assert isinstance(precision.single((0.5,))[0], np.float32)


def test_unknown_precision_is_refused(monkeypatch):
    monkeypatch.setenv(precision.VARIABLE, "half")
    with pytest.raises(CrmpiError, match="CRMPI_PRECISION = 'half' is not one of double, single"):
        precision.chosen()


RUNS = {
    "waves": [
        "cr_box",
        "mesh.cells=[16,8,8]",
        "transport={solver: alfven_regulated, vmax: 30, light_speed: 1000, gyro_rate: 1e8}",
    ],
    "cooling and supernovae": ["galactic_wind", "mesh.cells=[8,8,32]", "mesh.block=[8,8,32]"],
    "closure": [
        "cgm_halo",
        "mesh.cells=[8,8,8]",
        "mesh.block=[8,8,8]",
        "scattering.model=self_confinement",
    ],
}
RUN = """
import json, sys
import numpy as np
from crmpi.run import stepper
from crmpi.mesh.gradients import along_field
from tests.stepping import begin
found = {}
for name, words in json.loads(sys.argv[1]).items():
    sim = begin(*words)
    for _ in range(2):
        dt = 1e-3 * sim.fluid.max_dt(0.3)
        stepper.advance(sim, dt)
        sim.clock.tick(dt)
    pack = sim.pack
    found[name] = {"state": pack.active(pack.u0)[0].astype(float).tolist()}
    if not sim.units.dimensionless:
        found[name]["temperature"] = [sim.temperature(0).tolist()]
    pack.bcc[:] = 0.0
    found[name]["no field"] = float(np.abs(along_field(pack, pack.w0[:, 0])).max())
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def runs():
    found = {}
    for name in precision.CHOICES:
        command = [
            sys.executable,
            "-W",
            "error:invalid:RuntimeWarning",
            "-c",
            RUN,
            json.dumps(RUNS),
        ]
        done = subprocess.run(
            command,
            env=os.environ | {precision.VARIABLE: name},
            capture_output=True,
            text=True,
            check=True,
        )
        found[name] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.full
@pytest.mark.parametrize("run", RUNS)
def test_whole_runs_are_close_to_double(runs, run):
    """Code units hold numbers far below what float32 does: m_p and k_B of galactic units, 1e-300 as
    no field.

    Momenta and fluxes are sums of terms that cancel: they are measured against what the energy
    allows, and the flux of cosmic rays, which vmax (> 1) times a gradient drives, against their
    energy.
    """
    for what in runs["double"][run].keys() - {"no field"}:
        single, double = (np.array(runs[name][run][what]) for name in ("single", "double"))
        assert np.isfinite(single).all()
        scale = np.abs(double).max(axis=(1, 2, 3), keepdims=True)
        if what == "state":
            scale[MOM1:ENER] = np.sqrt(scale[DENS] * scale[ENER])  # momentum of energy ENER
            scale[ECR + 1 : ECR + 2] = np.maximum(scale[ECR + 1 : ECR + 2], scale[ECR])
        assert (np.abs(single - double) / scale).max() < 1e3 * 2.0**-24, what


@pytest.mark.full
@pytest.mark.parametrize("run", RUNS)
def test_no_field_has_no_gradient_along_it(runs, run):
    assert runs["single"][run]["no field"] == 0.0


@pytest.mark.full
def test_a_checkpoint_of_the_other_precision_is_continued_with_a_note(tmp_path):
    def run(name, steps, *words):
        command = [sys.executable, "-m", "crmpi.cli.main", "run", *words, f"time.max_steps={steps}"]
        return subprocess.run(
            command,
            env=os.environ | {precision.VARIABLE: name},
            capture_output=True,
            text=True,
            check=True,
        ).stderr

    def newest():
        return str(max((tmp_path / "checkpoints").iterdir()))

    run(
        "double",
        2,
        "linear_wave",
        "mesh.cells=[16,1,1]",
        "mesh.block=[16,1,1]",
        f"output.dir={tmp_path}",
    )
    assert "not bitwise identically" not in run("double", 3, "--restart", newest())
    assert "was written in double precision and is continued in single" in run(
        "single", 4, "--restart", newest()
    )
