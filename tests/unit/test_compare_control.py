"""Verdicts need a control without cosmic rays and two meshes that agree; what the set-up itself
misses is no verdict."""

import copy
from pathlib import Path

import numpy as np
import pytest

from crmpi.cli.main import main
from crmpi.compare import data as published
from crmpi.compare.control import answer, settle, standings
from crmpi.compare.measure import Seen, _floors
from crmpi.compare.meshes import finest_width
from crmpi.compare.page import headline
from crmpi.compare.runs import Run
from crmpi.compare.tension import Criterion
from crmpi.compare.verdicts import GAMMA_RAYS, KAPPA, all_data, judge_run
from crmpi.constraints.cos_halos import read_cos_halos
from crmpi.params import make

CRITERION = make(Criterion)
PLACES = np.array([10.0, 80.0, 155.0])


@pytest.fixture(scope="module")
def data():
    """Data of haloes near 1e12 Msun."""
    return all_data(published.near(read_cos_halos(), 12.0, 0.5))


def run_as(label, cells, cosmic_rays=True, preset="a", temp="1e6 K"):
    """Return a run of a preset, or a control."""
    transport = (
        {"solver": "isotropic_diffusion", "preset": preset} if cosmic_rays else {"solver": "none"}
    )
    config = {
        "mesh": {"cells": [cells] * 3, "block": [8] * 3},
        "fluid": {"cosmic_rays": cosmic_rays, "gamma": 5 / 3},
        "transport": transport,
        "injection": {"enabled": cosmic_rays},
        "problem": {"temp": temp},
        "output": {"dir": label},
    }
    return Run(label, Path(label), {}, {}, config, "", {}, Path(label), True)


def seen_as(o6, pressure=0.1, gamma=np.nan, kappa=None, hydrogen=19.0, floors=0.0):
    """Return what is seen of a halo; `o6`: log N at all radii."""
    columns = {ion: (np.full(3, value),) * 3 for ion, value in (("O VI", o6), ("H", hydrogen))}
    profiles = {} if kappa is None else {"kappa": np.full(3, kappa)}
    return Seen(
        PLACES,
        profiles,
        PLACES,
        columns,
        {"L_gamma/L_SF": gamma, "P_cr/P_gas at 50 kpc": pressure},
        {},
        0.0,
        floors,
    )


def verdicts(data, *pairs):
    """Return the verdicts on [(run, what is seen of it)]."""
    runs = [run for run, _ in pairs]
    seen = {run.label: one for run, one in pairs}
    judged = {label: judge_run(one, data, CRITERION) for label, one in seen.items()}
    return settle(runs, seen, judged, data, CRITERION)


def model(cells, o6, **more):
    return run_as(f"a{cells}", cells), seen_as(o6, **more)


def control(cells, o6, **more):
    return run_as(f"c{cells}", cells, cosmic_rays=False), seen_as(o6, pressure=np.nan, **more)


def test_what_excludes_the_control_too_is_no_verdict(data):
    """The halo without cosmic rays lacks O VI by two dex, and so does the model: the set-up
    does."""
    found = verdicts(data, model(16, 12.4), model(32, 12.4), control(16, 12.3), control(32, 12.3))
    verdict = found["a32"]["O VI"]
    assert verdict.state == "no verdict"
    assert "the control without cosmic rays is off as well" in verdict.reason
    assert verdict.difference == pytest.approx(0.1)
    assert found["c32"]["O VI"].state == "control"
    assert answer(found["c32"]) == "control, not judged"


def test_a_model_is_excluded_where_its_control_is_not(data):
    found = verdicts(data, model(16, 12.0), model(32, 12.1), control(16, 14.5), control(32, 14.5))
    assert found["a32"]["O VI"].state == "excluded"
    assert found["a32"]["O VI"].difference == pytest.approx(-2.4)
    assert (
        found["a16"]["O VI"].state,
        "finer mesh counts (a32)" in found["a16"]["O VI"].reason,
    ) == ("no verdict", True)
    assert answer(found["a32"]).startswith("excluded by O VI")


def test_stars_of_a_control_give_no_cosmic_rays(data):
    """Star formation is the same but for the share of cosmic rays; without it, it is another
    set-up."""
    pairs = [model(16, 12.0), control(16, 14.5), model(32, 12.0), control(32, 14.5)]
    for run, _ in pairs:
        share = 0.1 * run.config["fluid"]["cosmic_rays"]
        run.config["star_formation"] = {"enabled": True, "cr_fraction": share}
    pairs.append(with_seed(pairs[2], 2))
    assert answer(verdicts(data, *pairs)["a32"]).startswith("excluded by O VI")
    pairs[3][0].config["star_formation"]["enabled"] = False
    assert "no control run" in verdicts(data, *pairs)["a32"]["O VI"].reason


def test_a_parameter_that_is_younger_than_a_run_has_its_default(data):
    """`time.sources` came after some runs were made: without it they are of the model of a run that
    has its default, and not of one that has another value."""
    pairs = [model(16, 12.0), control(16, 14.5), model(32, 12.0), control(32, 14.5)]
    for run, _ in pairs[2:]:
        run.config["time"] = {"sources": "twice", "max_steps": None}
    assert answer(verdicts(data, *pairs)["a32"]).startswith("excluded by O VI")
    for run, _ in pairs[2:]:
        run.config["time"]["sources"] = "once"
    assert "one mesh alone" in verdicts(data, *pairs)["a32"]["O VI"].reason


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (None, "one series of random supernovae alone"),
        ({"o6": 14.5}, "seeds disagree: excluded, with other supernovae (a32, seed 2) ok"),
        ({"o6": 11.0}, "seeds disagree: off by"),
        ({"o6": 12.1}, None),
    ],
)
def test_two_seeds_must_agree(data, other, words):
    """Where supernovae are drawn at random a model needs two series of them, which are no two
    meshes; smooth ones need one."""
    pairs = [model(16, 12.0), control(16, 14.5), model(32, 12.0), control(32, 14.5)]
    for run, _ in pairs:
        run.config["star_formation"] = {"enabled": True, "seed": 1}
    if other is not None:
        pairs.append(with_seed((pairs[2][0], seen_as(**other)), 2))
    found = verdicts(data, *pairs)["a32"]["O VI"]
    if words is None:
        assert found.state == "excluded"
    else:
        assert found.state == "no verdict" and words in found.reason
    smooth = {"enabled": True, "sampling": "smooth"}
    for run, _ in pairs:
        run.config["star_formation"] = {
            "enabled": False,
            "seed": run.config["star_formation"]["seed"],
        }
        run.config["injection"] |= smooth if run.config["fluid"]["cosmic_rays"] else {}
    assert verdicts(data, *pairs[:4])["a32"]["O VI"].state == "excluded"


def test_a_control_may_have_other_supernovae(data):
    """That with the same ones comes first, wherever it stands; without it another one is as
    good."""
    runs = [model(32, 12.0), control(32, 14.5)]
    for run, _ in runs:
        run.config["star_formation"] = {"enabled": True, "seed": 1}
    runs.append(with_seed(runs[0], 2))
    found = standings([run for run, _ in runs])
    assert found["a32, seed 2"].control == found["a32"].control == runs[1][0].label
    runs.append(with_seed(runs[1], 2))
    found = standings([run for run, _ in runs])
    assert found["a32"].control == runs[1][0].label
    assert found["a32, seed 2"].control == runs[3][0].label
    runs[0][0].config["star_formation"]["efficiency"] = 0.5
    assert standings([run for run, _ in runs])["a32"].control is None


def with_seed(pair, seed):
    """Return a run of the same model with other supernovae, and what is seen of it."""
    run, seen = pair
    config = copy.deepcopy(run.config)
    config["star_formation"]["seed"] = seed
    return run._replace(label=f"{run.label}, seed {seed}", config=config), seen


def test_without_control_there_is_no_verdict(data):
    found = verdicts(data, model(16, 12.0), model(32, 12.0))
    assert {v.state for v in found["a32"].values()} == {"no verdict", "untested"}
    assert answer(found["a32"]).startswith(
        "no verdict: no control run (the same set-up and mesh with fluid.cosmic_rays=false"
    )
    assert headline(found).startswith("No verdict: no control run")
    other = run_as("other set-up", 32, cosmic_rays=False, temp="2e6 K"), seen_as(14.5)
    assert "no control run" in verdicts(data, model(32, 12.0), other)["a32"]["O VI"].reason
    coarse = control(16, 14.5)
    assert "no control run" in verdicts(data, model(32, 12.0), coarse)["a32"]["O VI"].reason


def test_one_mesh_alone_is_no_verdict(data):
    found = verdicts(data, model(32, 12.0), control(32, 14.5))
    assert "one mesh alone" in found["a32"]["O VI"].reason
    preset = run_as("b16", 16, preset="b"), seen_as(12.0)
    # another model is no other mesh
    assert standings([model(32, 12.0)[0], preset[0]])["a32"].meshes == ["a32"]


def with_levels(pair, *levels):
    """Give a run regions of refinement at these levels."""
    regions = [{"level": level, "radius": 10.0 / level} for level in levels]
    pair[0].config["mesh"] |= {"refinement": {"max_level": None, "regions": regions}}
    label = f"{pair[0].label}, {len(levels)} levels"
    return pair[0]._replace(label=label), pair[1]


@pytest.mark.parametrize(
    ("units", "corner", "width"),
    [
        ({}, ["-1 kpc", "-1000 pc", -1.0], 0.125),
        ({"system": "custom", "length": "2 kpc", "velocity": "1 km/s", "density": "1 m_p/cm^3"},
         ["-1 kpc", "-1000 pc", -0.5], 0.0625),
    ],
)  # fmt: skip
def test_corners_of_a_mesh_may_carry_units(units, corner, width):
    run = run_as("a16", 16)
    upper = [place.removeprefix("-") if isinstance(place, str) else -place for place in corner]
    run.config["mesh"] |= {"lower": corner, "upper": upper}
    run.config["units"] = units
    assert finest_width(run) == width


def test_meshes_are_ordered_by_their_finest_cells(data):
    """16^3 cells with two levels are finer than 32^3 without, and as fine as 32^3 with one. A
    control has the levels of its model."""
    runs = [model(32, 12.0), with_levels(model(16, 12.0), 1, 2), with_levels(model(32, 12.0), 1)]
    found = standings([run for run, _ in runs])
    assert found["a32"].meshes == ["a16, 2 levels", "a32"]
    assert found["a32, 1 levels"].meshes == ["a32, 1 levels", "a32"]
    assert found["a16, 2 levels"].meshes == ["a16, 2 levels", "a32"]
    alone = standings([runs[1][0], runs[2][0]])
    assert [len(one.meshes) for one in alone.values()] == [1, 1]  # cells of one width

    pair = [with_levels(model(16, 12.0), 1), with_levels(model(16, 12.1), 1, 2)]
    flat = verdicts(data, *pair, control(16, 14.5))
    assert "no control run" in flat["a16, 2 levels"]["O VI"].reason
    controls = [with_levels(control(16, 14.5), 1), with_levels(control(16, 14.5), 1, 2)]
    assert verdicts(data, *pair, *controls)["a16, 2 levels"]["O VI"].state == "excluded"


@pytest.mark.parametrize(
    ("coarse", "fine", "words"),
    [
        ({"o6": 14.5}, {"o6": 12.0}, "meshes disagree: excluded, on the coarser one ok"),
        ({"o6": 11.0}, {"o6": 12.0}, "meshes disagree: off by"),
        (
            {"o6": 14.5, "pressure": 15.8},
            {"o6": 14.5, "pressure": 0.02},
            "P_cr/P_gas at 50 kpc is 0.02, on the coarser one 15.8",
        ),
        ({"o6": 14.5, "pressure": 0.02}, {"o6": 14.5, "pressure": 0.012}, None),
    ],
)
def test_two_meshes_must_agree(data, coarse, fine, words):
    """P_cr/P_gas of 15.8 at 16^3 and .02 at 32^3 is no result; two meshes within .3 dex are one."""
    found = verdicts(
        data, model(16, **coarse), model(32, **fine), control(16, 14.5), control(32, 14.5)
    )["a32"]["O VI"]
    if words is None:
        assert found.state == "ok"
    else:
        assert found.state == "no verdict" and words in found.reason


def test_observables_of_cosmic_rays_alone_need_no_number_of_the_control(data):
    more = {"gamma": 1e-3, "kappa": 1e28}
    found = verdicts(
        data, model(16, 14.5, **more), model(32, 14.5, **more), control(16, 14.5), control(32, 14.5)
    )
    assert found["a32"][GAMMA_RAYS].state == "excluded"
    assert found["a32"][KAPPA].state in ("excluded", "ok")
    assert np.isnan(found["a32"][GAMMA_RAYS].difference)


def test_the_bound_on_kappa_is_that_of_the_hydrogen_of_the_run(data):
    """Ten times the hydrogen: a bound ten times lower, so that the model is a dex higher above
    it."""
    thin, thick = (
        judge_run(seen_as(14.5, kappa=1e29, hydrogen=n), data, CRITERION)[KAPPA]
        for n in (19.0, 20.0)
    )
    assert (thin.state, thick.violated < thin.violated) == ("excluded", True)
    bare = seen_as(14.5, kappa=1e29)
    bare.columns.pop("H")
    assert judge_run(bare, data, CRITERION)[KAPPA].state == "untested"


def test_the_floors_of_all_energies_count(tmp_path):
    """.92 of the cosmic-ray energy from the floor of cooling, none from others: not judged; nor if
    the cosmic rays have it from their own floors."""
    numbers = {
        "injection_cosmic [erg]": 1e58,
        "floor_added_energy [erg]": 0.0,
        "cooling_floored [erg]": 9.2e57,
    }
    run = run_as("a", 16)._replace(numbers=numbers, path=tmp_path)
    assert _floors(run) == pytest.approx(0.92)
    own = {"injection_cosmic [erg]": 1e58, "cr_floored [erg]": 1e57, "floor_added_ecr [erg]": 2e57}
    assert _floors(run._replace(numbers=own)) == pytest.approx(0.3)
    stars = {"star_formation_cosmic [erg]": 1e58, "cooling_floored [erg]": 2e57}
    assert _floors(run._replace(numbers=stars)) == pytest.approx(0.2)
    header = (
        "# crmpi history\n# [1]time[Myr] [2]injection_cosmic[erg] "
        "[3]floor_added_energy[erg] [4]cooling_floored[erg]\n"
    )
    (tmp_path / "history.txt").write_text(header + "0 0 0 0\n1 1e58 1e57 2e57\n")
    assert _floors(run._replace(numbers={})) == pytest.approx(0.3)  # a run that is of no sweep


@pytest.fixture(scope="module")
def halo(tmp_path_factory):
    """A tiny halo, and its control."""
    folder = tmp_path_factory.mktemp("halo")
    common = [
        "run",
        "--quiet",
        "cgm_halo/sweep",
        "mesh.cells=[8,8,8]",
        "mesh.block=[8,8,8]",
        "time.end=30 Myr",
        "output.snapshot_interval=30 Myr",
    ]
    bare = [
        "fluid.cosmic_rays=false",
        "injection.enabled=false",
        "losses.enabled=false",
        "transport.solver=none",
    ]
    assert main([*common, f"output.dir={folder}/runs/salem"]) == 0
    assert (
        main(
            [
                *common,
                *bare,
                "observables.compute=[radial_profile]",
                f"output.dir={folder}/runs/bare",
            ]
        )
        == 0
    )
    return folder


def test_a_single_run_says_what_is_missing(halo, capsys):
    assert main(["compare", str(halo / "runs/salem"), "--output", str(halo / "one.html")]) == 0
    assert "no verdict: no control run" in capsys.readouterr().out
    assert "No verdict: no control run" in (halo / "one.html").read_text()


def test_a_control_of_the_halo_runs(halo, capsys):
    assert (
        main(
            [
                "compare",
                str(halo / "runs"),
                "--output",
                str(halo / "two.html"),
                "--csv",
                str(halo / "two.csv"),
            ]
        )
        == 0
    )
    said = capsys.readouterr().out
    assert "control, bare" in said and "control, not judged" in said
    assert "one mesh alone; two must agree" in (halo / "two.csv").read_text()
    page = (halo / "two.html").read_text()
    # tables fit the paper
    assert "overflow-wrap: anywhere" in page.partition("@media print")[2].partition("</style>")[0]
