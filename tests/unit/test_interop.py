"""Other people's programs read what crmpi writes: VTK (the reader of ParaView) the side-car,
Trident the ion table and the gas.

Both are large and optional: these tests run where they are installed (``pip install vtk trident``).
"""

import os

import numpy as np
import pytest

from crmpi.analysis.ions import IonTable, computed_table
from crmpi.analysis.ions.tables import write_table
from crmpi.analysis.measure.columns import columns
from crmpi.analysis.measure.rays import Line
from crmpi.analysis.read.readers import open_snapshot
from crmpi.parallel.comm import SerialComm
from crmpi.run import driver
from crmpi.run.configuration import configure

REGION = "mesh.refinement={regions: [{level: 1, lower: [0,0,-100], upper: [100,100,100]}]}"
MESHES = {"uniform": [], "refined": [REGION, "transport.solver=none"]}


@pytest.fixture(scope="module", params=MESHES)
def path(request, tmp_path_factory):
    """Return a snapshot of a small halo in eight blocks, or with two of them refined."""
    folder = tmp_path_factory.mktemp("runs") / "halo"
    words = [
        "mesh.cells=[16,16,16]",
        "mesh.block=[8,8,8]",
        "time.max_steps=1",
        f"output.dir={folder}",
        *MESHES[request.param],
    ]
    config, problem_class = configure("cgm_halo", words)
    with open(os.devnull, "w") as quiet:
        driver.run(config, problem_class, SerialComm(), stream=quiet)
    return sorted(folder.glob("snapshots/*.athdf"))[-1]


def test_vtk_reads_the_side_car(path):
    pytest.importorskip("vtkmodules")
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOXdmf2 import vtkXdmfReader

    reader = vtkXdmfReader()
    reader.SetFileName(f"{path}.xdmf")
    reader.Update()
    blocks = reader.GetOutputDataObject(0)
    with open_snapshot(path) as snapshot:
        assert blocks.GetNumberOfBlocks() == snapshot.nblock == (22 if snapshot.max_level else 8)
        for gid in range(snapshot.nblock):
            block = blocks.GetBlock(gid)
            found = vtk_to_numpy(block.GetCellData().GetArray("rho")).reshape(8, 8, 8)
            assert np.array_equal(found, snapshot.values("dens", gid).astype(found.dtype))
            assert np.allclose(
                block.GetBounds(), np.ravel(np.transpose(snapshot.ends(gid))), rtol=1e-6
            )


def test_trident_agrees_about_columns(path, tmp_path, monkeypatch):
    """Both look the same table up, Trident in coarser steps between its points: they agree to a few
    per cent, the step of the table."""
    pytest.importorskip("yt")
    # without its file of settings Trident asks questions when it is imported
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.tri").write_text(
        f"[Trident]\nion_table_dir = {tmp_path}\nion_table_file = ions.h5\n"
    )
    write_table(tmp_path / "ions.h5", {0.2: computed_table(0.2), 0.3: computed_table(0.3)})
    trident = pytest.importorskip("trident")
    import crmpi.yt

    data = crmpi.yt.load(path, metallicity=0.3)
    data.current_redshift = 0.2
    trident.add_ion_fields(data, ions=["O VI", "H I"], ionization_table=str(tmp_path / "ions.h5"))
    with open_snapshot(path) as snapshot:
        kpc = snapshot.units.factor("kpc")
        line = Line(np.array([24.0, 8.0, 0.0]) * kpc, np.array([0.0, 0.0, 1.0]), 24.0 * kpc)
        ours = columns(
            snapshot,
            ["O VI", "H I"],
            [line],
            table=IonTable.read(tmp_path / "ions.h5", redshift=0.2),
        )
    ray = data.ortho_ray(2, tuple(data.quan(at, "kpc").to("code_length") for at in (24.0, 8.0)))
    for ion, field in (("O VI", "O_p5_number_density"), ("H I", "H_p0_number_density")):
        theirs = float((ray["gas", field].to("cm**-3") * ray["index", "dz"].to("cm")).sum())
        assert theirs == pytest.approx(float(ours.values[ion][0]), rel=0.05)
