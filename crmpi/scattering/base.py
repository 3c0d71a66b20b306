"""The seam of the scattering models: from the state of the gas and the cosmic rays to kappa. One model is one file of this folder.

A model is asked once per transport operator, at frozen gas, and fills kappa on all cells, ghost zones included (the primitives are
valid there), so it needs neither neighbours nor ranks. ``docs/transport.md`` shows how to add one.
"""

import importlib
import pkgutil

import crmpi.scattering
from crmpi.errors import CrmpiError
from crmpi.params import group

KAPPA_PAR, KAPPA_PERP = 0, 1  # components of the array of diffusion coefficients


class ScatteringModel:
    """Base class of scattering models; a subclass with a `name` is registered under it.

    Parameters
    ----------
    params : Params of the class
        the YAML group ``scattering``, in code units
    units : crmpi.units.Units, optional
        for models with constants of nature

    Attributes
    ----------
    name, doc, reference : str
        value of ``scattering.model``, one line for people, papers
    """

    name = ""
    doc = ""
    reference = ""

    class Params:
        """A model without parameters."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.Params = group(cls.Params)
        if cls.name:
            _MODELS[cls.name] = cls

    def __init__(self, params, units=None):
        self.params, self.units = params, units

    def has_perpendicular(self):
        """Whether kappa_perp can be anything but zero; solvers skip the work across the field if not."""
        return True

    def evaluate(self, pack, out, rigidity=None):
        """Fill `out` with the coefficients of cosmic rays of `rigidity` in GV; None: those of the bulk."""
        self.kappa(pack, out)

    def kappa(self, pack, out):
        """Fill `out` (nblock, 2, m3, m2, m1) with kappa_par and kappa_perp in code units, ghost zones included."""
        raise TypeError(f"scattering model '{self.name}' defines no kappa")


_MODELS = {}


def scattering_models():
    """Return {name: class} of all models, sorted by name; every module of this folder is looked at."""
    for module in pkgutil.iter_modules(crmpi.scattering.__path__, "crmpi.scattering."):
        importlib.import_module(module.name)
    return dict(sorted(_MODELS.items()))


def find_model(name):
    """Return the class of the model `name`; raises CrmpiError with the names there are."""
    models = scattering_models()
    if name not in models:
        raise CrmpiError(f"scattering.model = '{name}' is not one of {', '.join(models)}")
    return models[name]


def make_scattering(params, units=None):
    """Return the model that ``params.model`` names."""
    return find_model(params.model)(params, units)
