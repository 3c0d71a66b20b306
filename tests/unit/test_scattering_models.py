"""Scattering models: the constant one, the registry, and the model of docs/scattering.md that a
reader would write."""

import re
from pathlib import Path

import numpy as np
import pytest

from crmpi.constants import ECR
from crmpi.errors import CrmpiError
from crmpi.params import make
from crmpi.plugins import SCATTERING_MODELS
from crmpi.plugins.registry import SESSION
from crmpi.scattering.base import (
    KAPPA_PAR,
    KAPPA_PERP,
    find_model,
    make_scattering,
    scattering_models,
)
from crmpi.scattering.constant import ConstantScattering
from crmpi.transport.isotropic_diffusion import IsotropicDiffusion
from crmpi.units import Units
from tests.transport_case import Stage

DOCS = Path(__file__).parents[2] / "docs" / "scattering.md"


@pytest.fixture
def documented_model():
    """The class DensityLaw of the documentation, registered for the duration of a test."""
    snippet = next(
        block
        for block in re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
        if "class DensityLaw" in block
    )
    namespace = {"__name__": "density_law"}
    exec(snippet, namespace)
    yield namespace["DensityLaw"]
    SCATTERING_MODELS.forget(SESSION, "density_law")


def test_constant_fills_all_cells():
    stage = Stage((8, 4, 1))
    model = ConstantScattering(make(ConstantScattering.Params, kappa_par=2.0, kappa_perp=0.5))
    out = stage.pack.allocate(2)
    model.kappa(stage.pack, out, 1.0)
    assert np.all(out[:, KAPPA_PAR] == 2.0)
    assert np.all(out[:, KAPPA_PERP] == 0.5)
    assert model.has_perpendicular()
    assert not ConstantScattering(make(ConstantScattering.Params)).has_perpendicular()


def test_kappa_is_given_in_cgs():
    units = Units("galactic")
    params = make(ConstantScattering.Params, units, kappa_par="3e28 cm^2/s", kappa_perp=1e26)
    assert params.kappa_par == pytest.approx(units.to_code(3e28, "cm^2/s"))
    assert params.kappa_perp == pytest.approx(units.to_code(1e26, "cm^2/s"))


def test_unknown_model_is_named_with_those_there_are():
    with pytest.raises(CrmpiError, match=r"'konstant'; did you mean 'constant'"):
        find_model("konstant")


def test_documented_model_runs(documented_model):
    assert scattering_models()["density_law"] is documented_model
    params = make(documented_model.Params, kappa_0=1.0, slope=-1.0)
    # the loader puts the choice beside the parameters
    object.__setattr__(params, "model", "density_law")
    stage = Stage((32, 1, 1), boundary="outflow")
    x = stage.coordinates()[0]
    stage.pack.u0[:, 0] = np.where(x < 0.5, 1.0, 10.0)
    stage.set_energy(lambda x1, x2, x3: np.where(x1 < 0.5, 1.0 - x1, 0.5 - 10.0 * (x1 - 0.5)))
    before = stage.whole(ECR).ravel()
    stage.solver(IsotropicDiffusion, make_scattering(params)).advance(1e-3, 0.0)
    # slabs in series: a steady flux
    assert np.abs(stage.whole(ECR).ravel() - before)[10:22].max() < 1e-12
