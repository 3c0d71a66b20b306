"""Observables of a run: bitwise identical during and after it, and across a restart."""

import os

import h5py
import numpy as np
import pytest

from crmpi.analysis.measure.catalogue import measure
from crmpi.analysis.measure.stream import read_profiles
from crmpi.analysis.read.readers import open_snapshot
from crmpi.cli.main import main
from crmpi.errors import CrmpiError
from crmpi.parallel.comm import SerialComm
from crmpi.plugins import OBSERVABLES
from crmpi.run import driver
from crmpi.run.configuration import configure

NAMES = [
    "gamma_rays",
    "cr_budget",
    "ionisation",
    "xray",
    "loading",
    "radial_profile",
    "profile",
    "phase",
    "xray_profile",
    "columns",
]
OF_STARS = ("kennicutt_schmidt", "disc_average")
"""Observables that need star formation: tests/unit/test_star_formation_observed.py."""

WORDS = [
    "mesh.cells=[12,12,12]",
    "mesh.block=[6,6,6]",
    "mesh.lower=[-60,-60,-60]",
    "mesh.upper=[60,60,60]",
    "time.end=60 Myr",
    "time.dt_max=5 Myr",
    "output.history_interval=none",
    "output.snapshot_interval=30 Myr",
    "output.fluxes=true",
    f"observables.compute=[{','.join(NAMES)}]",
    "observables.loading.radii=[25]",
    "observables.columns.impacts=[20]",
    "observables.loading.heights=[20]",
    "observables.interval=30 Myr",
]


def run(folder, *more, restart=None):
    config, problem_class = configure("cgm_halo", [*WORDS, f"output.dir={folder}", *more])
    with open(os.devnull, "w") as quiet:
        return driver.run(config, problem_class, SerialComm(), restart=restart, stream=quiet)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A short run with every observable."""
    path = tmp_path_factory.mktemp("run")
    run(path)
    return path


def measured(folder, number):
    """Return ({label: number}, {observable: {label: array}}) of a snapshot."""
    with open_snapshot(folder / f"snapshots/snapshot_{number:05d}.athdf") as snapshot:
        found = measure(snapshot, NAMES)
        numbers = {
            label.split(" [")[0]: value
            for one in found
            if not one.axes
            for label, value in one.columns.items()
        }
        return (
            snapshot.step,
            numbers,
            {one.name: one.axes | one.columns for one in found if one.axes},
        )


def test_during_and_after_are_the_same_bits(folder):
    from crmpi.output.history import read_history

    history = read_history(folder / "history.txt")
    for number in range(3):
        step, numbers, arrays = measured(folder, number)
        (row,) = np.flatnonzero(history["step"] == step)
        assert len(numbers) > 25
        for name, value in numbers.items():
            assert np.array_equal(history[name][row], value, equal_nan=True), name
        for name, columns in arrays.items():
            written = read_profiles(folder, name)
            assert written["step"][number] == step
            for label, values in columns.items():
                assert written[label][number].tobytes() == np.asarray(values).tobytes(), label


def test_a_restart_writes_the_same(folder, tmp_path):
    """Stopped after some steps and continued: history and profiles have the bits of the run that
    never stopped."""
    first = run(tmp_path, "time.max_steps=4")
    assert first.reason == "reached time.max_steps"
    run(tmp_path, restart=sorted(tmp_path.glob("checkpoints/*.h5"))[-1])
    assert (tmp_path / "history.txt").read_text() == (folder / "history.txt").read_text()
    for path in sorted(folder.glob("profiles/*.h5")):
        with h5py.File(path) as one, h5py.File(tmp_path / "profiles" / path.name) as other:
            datasets = []
            one.visititems(
                lambda name, item, out=datasets: (
                    out.append(name) if isinstance(item, h5py.Dataset) else None
                )
            )
            assert len(datasets) > 20
            assert all(one[name][()].tobytes() == other[name][()].tobytes() for name in datasets)
    assert len(list(folder.glob("profiles/*"))) == len(list(tmp_path.glob("profiles/*"))) == 3


def test_columns_of_all_observables_have_different_names(folder):
    with open_snapshot(folder / "snapshots/snapshot_00002.athdf") as snapshot:
        labels = [
            label
            for one in measure(snapshot, sorted(NAMES))
            if not one.axes
            for label in one.columns
        ]
    assert len(labels) == len(set(labels))
    assert {*NAMES, *OF_STARS} == set(OBSERVABLES), "a new observable belongs into these tests"


def test_the_command_prints_and_writes(folder, tmp_path, capsys):
    assert main(["observe"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in OBSERVABLES)
    assert main(["observe", str(folder), "gamma_rays", "loading", "loading.radii=[22,25]"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        len(lines) == 4 and "[2]L_gamma [erg/s]" in lines[0] and "mass_r22kpc [Msun/yr]" in lines[0]
    )
    output = tmp_path / "out.h5"
    assert (
        main(
            ["observe", str(folder / "snapshots/snapshot_00001.athdf"), "phase", "-o", str(output)]
        )
        == 0
    )
    with h5py.File(output) as file:
        assert file["snapshot_00001/phase/mass [Msun]"].shape == (48, 32)
        assert list(file["snapshot_00001/phase"].attrs["axes"]) == ["dens [m_p/cm^3]", "temp [K]"]


def test_pictures_of_numbers_profiles_and_diagrams(folder, tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "halo.svg"
    assert (
        main(
            [
                "observe",
                str(folder),
                "gamma_rays",
                "radial_profile",
                "phase",
                "--plot",
                str(picture),
            ]
        )
        == 0
    )
    drawn = picture.read_text()
    for words in ("L gamma", "kappa eff", "pcr", "time [Myr]", "r [kpc]", "temp [K]"):
        assert words in drawn, words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["radial_profil"], "unknown observable 'radial_profil'; did you mean 'radial_profile'"),
        (["loading", "loading.radi=[3]"], "unknown parameter 'loading.radi'"),
        (["loading", "loading.radii=[300]"], "1 of 1 radii outside of the box: 300kpc"),
        ([], "name at least one observable"),
        (["gamma_rays", "--plot", "halo.gif"], "must end in one of .png, .pdf, .svg"),
    ],
)
def test_mistakes_on_the_command_line_are_one_sentence(folder, capsys, words, said):
    assert main(["observe", str(folder), *words]) == 2
    assert said in capsys.readouterr().err


def test_fields_absent_from_a_snapshot_are_told_apart(folder, tmp_path):
    """Without output.fluxes a diffusing run has no relative flux: no column claims to be the whole
    flux, and kappa is not there."""
    run(
        tmp_path,
        "output.fluxes=false",
        "output.snapshot_interval=none",
        "time.end=5 Myr",
        "observables.compute=[]",
    )
    with open_snapshot(next(tmp_path.glob("snapshots/*.athdf"))) as snapshot:
        solver = snapshot.facts.config["transport"]["solver"]
        columns = {
            label
            for one in measure(snapshot, ["loading", "radial_profile"])
            for label in one.columns
        }
    evolved = solver in ("two_moment", "alfven_regulated")
    assert ("cr_r25kpc [erg/s]" in columns) == ("kappa_eff [cm^2/s]" in columns) == evolved
    assert "cr_advected_r25kpc [erg/s]" in columns


def test_an_unknown_observable_stops_a_run_at_the_start(tmp_path):
    with pytest.raises(CrmpiError, match="gamma_ray"):
        run(tmp_path, "observables.compute=[gamma_ray]")
