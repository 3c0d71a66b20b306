"""The report: one page that needs nothing else, a table, and what is left out is named."""

import csv
import re
import shutil
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

from crmpi.analysis.measure.stream import read_profiles
from crmpi.cli.main import main
from crmpi.compare import data as published
from crmpi.compare.figures import draw_columns, draw_transport, line_styles, svg
from crmpi.compare.measure import Seen, _shells, observe
from crmpi.compare.page import headline
from crmpi.compare.report import Choices
from crmpi.compare.runs import find_runs
from crmpi.compare.tension import Criterion
from crmpi.compare.verdicts import GAMMA_RAYS, KAPPA, all_data, judge_run
from crmpi.constraints.cos_halos import read_cos_halos
from crmpi.params import make
from crmpi.units import Units

CRITERION = make(Criterion)
HALO = [
    "cgm_halo/sweep",
    "mesh.cells=[8,8,8]",
    "mesh.block=[8,8,8]",
    "time.end=60 Myr",
    "output.snapshot_interval=30 Myr",
    "--over",
    "transport.preset=buck2020_adv,salem2016,no_such",
]


def seen_as(columns=None, kappa=1e32, gamma=1e-6):
    """Return what is seen of a made-up halo; columns {ion: log N at all radii}."""
    places = np.array([10.0, 80.0, 155.0])
    flat = {
        ion: tuple(np.full(3, value) for _ in range(3))
        for ion, value in ({"H": 19.0} | (columns or {})).items()
    }
    return Seen(places, {"kappa": np.full(3, kappa)}, places, flat, {"L_gamma/L_SF": gamma}, {})


@pytest.fixture(scope="module")
def data():
    """Data of haloes near 1e12 Msun."""
    return all_data(published.near(read_cos_halos(), 12.0, 0.5))


def test_each_observable_excludes_what_it_should(data):
    assert judge_run(seen_as(), data, CRITERION)[KAPPA].state == "ok"
    assert judge_run(seen_as(kappa=1e29), data, CRITERION)[KAPPA].state == "excluded"
    # cosmic rays that never came
    assert judge_run(seen_as(kappa=1e26), data, CRITERION)[KAPPA].state == "untested"
    assert judge_run(seen_as(gamma=1e-3), data, CRITERION)[GAMMA_RAYS].state == "excluded"
    assert judge_run(seen_as({"O VI": 14.5}), data, CRITERION)["O VI"].state == "ok"
    assert judge_run(seen_as({"O VI": 12.0}), data, CRITERION)["O VI"].state == "excluded"
    assert judge_run(seen_as({"O VI": 16.5}), data, CRITERION)["O VI"].state == "excluded"
    assert judge_run(seen_as(), data, CRITERION)["O VI"].state == "untested"


def test_low_ions_do_not_exclude_a_coarse_run(data):
    bare = seen_as({"Si II": -3.0, "O VI": 10.0})
    assert judge_run(bare, data, CRITERION)["Si II"].state == "excluded"
    coarse = judge_run(bare._replace(width=10.0), data, CRITERION)
    assert (coarse["Si II"].state, coarse["O VI"].state) == ("unresolved", "excluded")
    assert "cells of 10 kpc" in coarse["Si II"].reason


def test_a_run_that_floors_have_fed_is_not_judged(data):
    broken = judge_run(seen_as({"O VI": 10.0}, kappa=1e29)._replace(floors=0.5), data, CRITERION)
    assert {verdict.state for verdict in broken.values()} == {"untested"}
    assert "floors have added 0.5 of the energy" in broken["O VI"].reason
    page_says = headline(
        {"good": judge_run(seen_as({"O VI": 14.5}), data, CRITERION), "broken": broken}
    )
    assert page_says.startswith("1 models judged")
    assert "no verdict: broken" in page_says


def test_models_look_different():
    looked = line_styles([str(n) for n in range(100)])
    assert len({tuple(look.values()) for look in looked.values()}) == 100


def test_figures_of_many_models(data):
    profiles = {"pcr": np.ones(3), "pgas": np.ones(3), "kappa": np.full(3, 1e29)}
    seen = {
        f"model {n}": seen_as({"O VI": 13.0 + 0.1 * n})._replace(profiles=profiles)
        for n in range(30)
    }
    for text in (svg(draw_columns(seen, data, ["O VI"])), svg(draw_transport(seen, data))):
        assert all(f"model {n}" in text for n in range(30))


def test_figures_are_vectors_and_the_same_each_time(data):
    figures = [
        svg(draw_columns({"a": seen_as({"O VI": 14.0})}, data, ["O VI", "C IV"])) for _ in range(2)
    ]
    assert figures[0] == figures[1]
    assert "<image" not in figures[0]
    assert "C IV (no data)" in figures[0]
    ElementTree.fromstring(figures[0])


class _Outside(HTMLParser):
    """Collects what a page would load from elsewhere."""

    def __init__(self):
        super().__init__()
        self.loads, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        known = dict(attrs)
        self.loads += [
            v
            for k, v in known.items()
            if k in ("src", "href", "xlink:href") and v and not v.startswith("#")
        ]
        self.loads += [tag] if tag in ("script", "link", "iframe") else []


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A folder with a tiny sweep and its report."""
    folder = tmp_path_factory.mktemp("halo")
    assert main(["sweep", *HALO, "--output", str(folder / "runs")]) == 3
    words = [
        "compare",
        str(folder / "runs"),
        "--output",
        str(folder / "report.html"),
        "--csv",
        str(folder / "report.csv"),
    ]
    assert main([*words, "--figures", str(folder / "figures"), "mass_window=0.4"]) == 0
    return folder


def test_the_page_stands_alone(reported):
    text = (reported / "report.html").read_text()
    parser = _Outside()
    parser.feed(text)
    assert parser.loads == []
    assert parser.tags.count("svg") >= 1
    assert text.count("<html") == text.count("</html>") == 1
    assert len(text) < 1.5e6


def test_the_page_tells_models_failures_and_origin(reported):
    text = (reported / "report.html").read_text()
    for word in (
        "buck2020_adv",
        "salem2016",
        "no_such",
        "note: failed: ",
        "run id",
        "scattering.kappa_par",
        "within 0.4 dex",
    ):
        assert word in text, word
    # only the command names folders
    assert str(reported) not in re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)


def test_the_table_has_verdicts_and_numbers(reported):
    with open(reported / "report.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    gamma = {row["model"]: row for row in rows if row["observable"] == GAMMA_RAYS}
    assert {row["state"] for row in gamma.values()} == {"no verdict"}
    assert all("no control run" in row["reason"] for row in gamma.values())
    assert {row["count"] for row in gamma.values()} == {"1"}
    numbers = {
        row["observable"]: float(row["value"])
        for row in rows
        if row["model"] == "salem2016" and row["value"]
    }
    assert numbers["time [Myr]"] == pytest.approx(60.0)
    assert 0.0 < numbers["L_gamma/L_SF"] < 2.0 * published.CALORIMETRIC


def test_kappa_is_the_one_the_run_has_measured(reported):
    (run,) = find_runs([reported / "runs" / "transport.preset=salem2016"]).runs
    seen = observe(run, ["O VI"], make(Choices))
    (measured,) = (
        values
        for label, values in read_profiles(run.path, "radial_profile").items()
        if label.startswith("kappa_eff")
    )
    assert np.array_equal(seen.profiles["kappa"], measured[-1], equal_nan=True)
    assert np.isfinite(measured[-1]).any()


def test_shells_of_nests_are_thin():
    """Half the box of 1310 kpc in 16 cells of level 0: shells of 10 kpc on levels, where pressures
    at 50 kpc are quoted, and not of 82 kpc. What a run chose stays."""

    def overrides(levels, **chosen):
        facts = SimpleNamespace(config={"observables": {"radial_profile": chosen}})
        snapshot = SimpleNamespace(
            levels=np.array(levels),
            facts=facts,
            units=Units("galactic"),
            nearest_face=lambda: 655.36,
        )
        return _shells(snapshot)

    assert overrides([0, 0]) == ()
    assert overrides([0, 3], bins=7) == overrides([0, 3], outer=300.0) == ()
    assert overrides([0, 3]) == ("radial_profile.outer=200.0 kpc", "radial_profile.bins=20")


def test_without_it_kappa_is_the_constant_of_the_parameters(reported, tmp_path):
    shutil.copytree(reported / "runs" / "transport.preset=salem2016", tmp_path / "bare")
    shutil.rmtree(tmp_path / "bare" / "profiles")
    (run,) = find_runs([tmp_path / "bare"]).runs
    assert observe(run, ["O VI"], make(Choices)).profiles["kappa"] == pytest.approx(3e28)


def test_bad_words(tmp_path, capsys):
    for words, sentence in (
        (["compare"], "name the folder of a sweep"),
        (["compare", str(tmp_path)], "no run has written there"),
        (["compare", str(tmp_path), "halo_mas=12"], "halo_mass"),
        (["compare", str(tmp_path), "--figures", "x"], "--figures belongs to --output"),
    ):
        assert main(words) == 2
        assert sentence in capsys.readouterr().err
    assert main(["compare", "--keys"]) == 0
    assert "criterion.scatter = 0.5" in capsys.readouterr().out


def test_no_galaxy_of_this_mass(reported, capsys):
    assert main(["compare", str(reported / "runs"), "halo_mass=9"]) == 2
    assert (
        "COS-Halos has no galaxy within 0.5 dex of a halo of 10^9 Msun" in capsys.readouterr().err
    )


def test_dimensionless_runs_are_refused(tmp_path, capsys):
    tube = [
        "cr_diffusion",
        "mesh.cells=[32,1,1]",
        "mesh.block=[32,1,1]",
        "output.snapshot_interval=0.1",
        f"output.dir={tmp_path}",
    ]
    assert main(["run", "--quiet", *tube]) == 0
    assert main(["compare", str(tmp_path)]) == 2
    assert "is dimensionless" in capsys.readouterr().err
