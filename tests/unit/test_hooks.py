"""Mistakes of beginners in a problem file: each is one sentence with file, line and remedy."""

import textwrap

import pytest

from crmpi.cli.main import main

HEAD = "from crmpi.api import Problem, np, par\n\n\n"
TOTAL = "from crmpi.api import Problem, np, total as Total\n\n\n"
MESH = "mesh: {cells: [8, 1, 1]}\n"
REST = """\
time: {end: 1e9, max_steps: 1}
fluid: {magnetic: true, cosmic_rays: true}
units: {system: none}
"""
USER = "mesh: {cells: [8, 1, 1], boundaries: {ix1: user, ox1: outflow}}\n" + REST
GALACTIC = MESH + REST.replace("none", "galactic")
PLANE = "mesh: {cells: [8, 4, 1]}\n" + REST
P = "class Params:\n    amplitude: float = par(0.1)\n\n"
I = "def initial(self, x, p):\n    return dict(dens=1.0, press=1.0, ecr=0.1)\n\n"


def init(text):
    """Return ``initial`` with these lines, which begin at line 6 of the file, below `P` at line
    9."""
    return "def initial(self, x, p):\n" + textwrap.indent(text, "    ") + "\n"


def more(text):
    """Return a method, at line 8 of the file, below a good ``initial``."""
    return I + text + "\n"


MISTAKES = {
    "unknown parameter": (
        P + init("return dict(dens=1 + p.amplitud, press=1)"),
        "problem.py, line 9, initial(): p has no parameter 'amplitud'; did you mean 'amplitude'?",
        {},
    ),
    "parameter of a run": (
        init("return dict(dens=1 + p.gamma, press=1)"),
        "problem.py, line 6, initial(): p has no parameter 'gamma'; it is self.config.fluid.gamma",
        {},
    ),
    "parameter assigned": (
        P + init("p.amplitude = 2\nreturn dict(dens=1.0, press=1.0)"),
        "problem.py, line 9, initial(): p.amplitude cannot be changed; parameters are given "
        "in the YAML file or on the command line",
        {},
    ),
    "parameter without p": (
        P + init("return dict(dens=1 + amplitude, press=1)"),
        "problem.py, line 9, initial(): 'amplitude' is not defined; did you mean 'p.amplitude'?",
        {},
    ),
    "attribute of self": (
        init("return dict(dens=self.rho0, press=1)"),
        "problem.py, line 6, initial(): self has no attribute 'rho0'; set self.rho0 in "
        "setup(self, p)",
        {},
    ),
    "misspelt attribute of self": (
        "def setup(self, p):\n    self.density0 = 2.0\n\n"
        + init("return dict(dens=self.densty0, press=1)"),
        "problem.py, line 9, initial(): self has no attribute 'densty0'; did you mean 'density0'?",
        {},
    ),
    "constant of units": (
        init("return dict(dens=1, press=self.units.kB)"),
        "problem.py, line 6, initial(): self.units has no attribute 'kB'; did you mean 'k_B'?",
        {"yaml": GALACTIC},
    ),
    "constant without units": (
        init("return dict(dens=1, press=self.units.k_B)"),
        "problem.py, line 6, initial(): units.k_B has no value in a dimensionless run; set "
        "units.system to 'galactic' or 'custom'",
        {},
    ),
    "unit": (
        init("return dict(dens=1, press=self.units.to_code(1, 'kpcs'))"),
        "problem.py, line 6, initial(): the unit 'kpcs' has the unknown unit 'kpcs'; did you "
        "mean 'kpc'?",
        {"yaml": GALACTIC},
    ),
    "case of a unit": (
        init("return dict(dens=1, press=self.units('3 myr'))"),
        "problem.py, line 6, initial(): '3 myr' has the unknown unit 'myr'; did you mean 'Myr'?",
        {"yaml": GALACTIC},
    ),
    "group of the configuration": (
        init("return dict(dens=1, press=self.config.fluids.gamma)"),
        "problem.py, line 6, initial(): self.config has no attribute 'fluids'; did you mean "
        "'fluid'?",
        {},
    ),
    "coordinate": (
        init("return dict(dens=1 + 0 * x.y, press=1)"),
        "problem.py, line 6, initial(): x has no attribute 'y'; did you mean 'x2'?",
        {},
    ),
    "numpy function": (
        init("return dict(dens=np.expp(x.x1), press=1)"),
        "problem.py, line 6, initial(): numpy has no 'expp'; did you mean 'exp'?",
        {},
    ),
    "undefined name": (
        init("return dict(dens=rho, press=1)"),
        "problem.py, line 6, initial(): 'rho' is not defined; assign to it before it is used",
        {},
    ),
    "numpy not imported": (
        init("return dict(dens=np.ones(x.shape), press=1)"),
        "problem.py, line 6, initial(): 'np' is not defined; write from crmpi.api import np "
        "at the top of the file",
        {"head": "from crmpi.api import Problem\n\n\n"},
    ),
    "math not imported": (
        init("return dict(dens=math.pi, press=1)"),
        "problem.py, line 6, initial(): 'math' is not defined; write import math at the top "
        "of the file",
        {},
    ),
    "misspelt local": (
        init("density = 1 + 0 * x.x1\nreturn dict(dens=densitty, press=1)"),
        "problem.py, line 7, initial(): 'densitty' is not defined; did you mean 'density'?",
        {},
    ),
    # what initial returns
    "nothing returned": (
        init("dict(dens=1.0, press=1.0)"),
        "problem.py, line 5, initial(): returns nothing; it must return a dict of "
        "primitives, such as dict(dens=1.0, press=1.0)",
        {},
    ),
    "tuple returned": (
        init("return 1.0, 1.0"),
        "problem.py, line 6, initial(): returns a tuple; it must return a dict of "
        "primitives, such as dict(dens=1.0, press=1.0)",
        {},
    ),
    "array returned": (
        init("return np.ones(x.shape)"),
        "problem.py, line 6, initial(): returns an array; it must return a dict of "
        "primitives, such as dict(dens=1.0, press=1.0)",
        {},
    ),
    "rho": (
        init("return dict(rho=1.0, press=1.0)"),
        "problem.py, line 6, initial(): returns the unknown variable 'rho'; did you mean 'dens'?",
        {},
    ),
    "pressure": (
        init("return dict(\n    dens=1.0,\n    pressure=1.0,\n)"),
        "problem.py, line 8, initial(): returns the unknown variable 'pressure'; did you "
        "mean 'press'?",
        {},
    ),
    "vx": (
        init("return dict(dens=1.0, press=1.0, vx=0.1)"),
        "problem.py, line 6, initial(): returns the unknown variable 'vx'; did you mean 'vel1'?",
        {},
    ),
    "no pressure": (
        init("return dict(dens=1.0)"),
        "problem.py, line 6, initial(): must return 'press'",
        {},
    ),
    "text as value": (
        init("return dict(dens='1.0', press=1.0)"),
        "problem.py, line 6, initial(): 'dens' is '1.0'; it must be a number or an array of "
        "numbers",
        {},
    ),
    "None as value": (
        init("return dict(dens=None, press=1.0)"),
        "problem.py, line 6, initial(): 'dens' is None; it must be a number or an array of numbers",
        {},
    ),
    "function as value": (
        init("return dict(dens=np.sin, press=1.0)"),
        "problem.py, line 6, initial(): 'dens' is an ufunc; it must be a number or an array "
        "of numbers",
        {},
    ),
    "complex": (
        init("return dict(dens=1j + x.x1, press=1.0)"),
        "problem.py, line 6, initial(): 'dens' is an array of complex128; it must be a number "
        "or an array "
        "of numbers",
        {},
    ),
    "wrong shape": (
        init("return dict(dens=np.ones((8, 1, 2)), press=1.0)"),
        "problem.py, line 6, initial(): 'dens' has the shape (8, 1, 2); it must be a number "
        "or an array of the shape (1, 1, 8), indexed [k, j, i]",
        {},
    ),
    "flat array of wrong length": (
        init("return dict(dens=np.linspace(1, 2, 5), press=1.0)"),
        "problem.py, line 6, initial(): 'dens' has the shape (5,); it must be a number or an "
        "array of the shape (1, 1, 8), indexed [k, j, i]",
        {},
    ),
    "negative density": (
        init("return dict(dens=x.x1, press=1.0)"),
        "problem.py, line 6, initial(): dens = -0.4375 at x1=-0.4375, x2=0, x3=0; it must be "
        "positive (check its parameters)",
        {},
    ),
    "negative pressure": (
        init("press = 1 - 4 * x.x1\nreturn dict(dens=1.0, press=press)"),
        "problem.py, line 7, initial(): press = -0.25 at x1=0.3125, x2=0, x3=0; it must be "
        "positive (check its parameters)",
        {},
    ),
    "not a number": (
        init("return dict(dens=1.0, press=1.0, vel1=np.full(x.shape, np.nan))"),
        "problem.py, line 6, initial(): vel1 = nan at x1=-0.4375, x2=0, x3=0; it must be "
        "finite (check its parameters)",
        {},
    ),
    "array as field": (
        init("return dict(dens=1.0, press=1.0, b3=np.ones(x.shape))"),
        "problem.py, line 6, initial(): 'b3' is an array; it must be one number, a uniform "
        "field; one that varies comes from vector_potential(self, x, p)",
        {},
    ),
    "field that is not a number": (
        init("return dict(dens=1.0, press=1.0, b3=np.nan)"),
        "problem.py, line 6, initial(): 'b3' = nan; it must be finite",
        {},
    ),
    "energy of cosmic rays without any": (
        more("def history(self, x, w, p):\n    return {'m': x.integral(w.ecr)}"),
        "problem.py, line 9, history(): w has no variable 'ecr'; it needs fluid.cosmic_rays=true",
        {"words": ["fluid.cosmic_rays=false"]},
    ),
    "parameter like a key": (
        init("return dict(dens=p['amplitude'], press=1)"),
        "problem.py, line 6, initial(): 'Params' object is not subscriptable; "
        "parameters are attributes, as in p.name",
        {},
    ),
    "class params": (
        "class params:\n    amplitude: float = par(0.1)\n\n" + I,
        "problem.py: class params is ignored; write class Params",
        {},
    ),
    "parameter called name": (
        "class Params:\n    name: str = par('x')\n\n" + I,
        "problem.py: a parameter cannot be called 'name': problem.name is the name of the problem",
        {},
    ),
    "parameters in a dictionary": (
        "Params = dict(amplitude=0.1)\n\n" + I,
        "problem.py, line 4: Params must be a class, "
        "with lines such as amplitude: float = par(0.1, doc=...)",
        {},
    ),
    "infinite pressure": (
        init("return dict(dens=1.0, press=np.inf)"),
        "problem.py, line 6, initial(): press = inf at x1=-0.4375, x2=0, x3=0; "
        "it must be finite (check its parameters)",
        {},
    ),
    "if on an array": (
        init(
            "if x.x1 > 0:\n    return dict(dens=2.0, press=1.0)\nreturn dict(dens=1.0, press=1.0)"
        ),
        "problem.py, line 6, initial(): The truth value of an array with more than one "
        "element is ambiguous. Use a.any() or a.all(); conditions on arrays are written "
        "np.where(condition, a, b), and combined with & and |",
        {},
    ),
    "and on arrays": (
        init("inside = x.x1 > 0 and x.x1 < 1\nreturn dict(dens=1.0 + inside, press=1.0)"),
        "problem.py, line 6, initial(): The truth value of an array with more than one "
        "element is ambiguous. Use a.any() or a.all(); conditions on arrays are written "
        "np.where(condition, a, b), and combined with & and |",
        {},
    ),
    "shapes that do not fit": (
        init("a = np.ones(8) * np.ones(7)\nreturn dict(dens=a, press=1.0)"),
        "problem.py, line 6, initial(): operands could not be broadcast together with shapes "
        "(8,) (7,) ; arrays of a block have the shape x.shape = (n3, n2, n1), indexed [k, j, "
        "i]",
        {},
    ),
    "index beyond": (
        init("d = np.ones(x.shape)\nd[0, 0, 9] = 2\nreturn dict(dens=d, press=1.0)"),
        "problem.py, line 7, initial(): index 9 is out of bounds for axis 2 with size 8; "
        "arrays of a block have the shape x.shape = (n3, n2, n1), indexed [k, j, i]",
        {},
    ),
    "coordinates changed": (
        init("x1 = x.x1\nx1 -= 0.5\nreturn dict(dens=1.0, press=1.0)"),
        "problem.py, line 7, initial(): output array is read-only; change a copy of it, as "
        "in q = w.dens.copy()",
        {},
    ),
    "attribute of x assigned": (
        init("x.r = 2\nreturn dict(dens=1.0, press=1.0)"),
        "problem.py, line 6, initial(): property 'r' of 'Coordinates' object has no setter; "
        "compute a new array in its place",
        {},
    ),
    "division by zero": (
        init("return dict(dens=1 / 0, press=1.0)"),
        "problem.py, line 6, initial(): ZeroDivisionError: division by zero (--debug shows "
        "the traceback)",
        {},
    ),
    "exit": (
        init("exit(1)"),
        "problem.py, line 6, initial(): it calls exit(); raise an error with a sentence in "
        "place of it",
        {},
    ),
    "error raised": (
        init("raise ValueError('no such profile')"),
        "problem.py, line 6, initial(): ValueError: no such profile (--debug shows the traceback)",
        {},
    ),
    "endless recursion": (
        init("return self.initial(x, p)"),
        "problem.py, line 6, initial(): RecursionError: it calls itself without end",
        {},
    ),
    "key of a dictionary": (
        "def setup(self, p):\n    self.table = {'disc': 1.0}\n\n"
        + init("return dict(dens=self.table['disk'], press=1.0)"),
        "problem.py, line 9, initial(): KeyError: there is no key 'disk' (--debug shows the "
        "traceback)",
        {},
    ),
    # how hooks are written
    "self forgotten": (
        "def initial(x, p):\n    return dict(dens=1.0, press=1.0)\n",
        "problem.py, line 5: initial(x, p) takes other arguments than it is called with; "
        "write initial(self, x, p)",
        {},
    ),
    "p forgotten": (
        "def initial(self, x):\n    return dict(dens=1.0, press=1.0)\n",
        "problem.py, line 5: initial(self, x) takes other arguments than it is called with; "
        "write initial(self, x, p)",
        {},
    ),
    "w forgotten": (
        more("def history(self, x, p):\n    return {}"),
        "problem.py, line 8: history(self, x, p) takes other arguments than it is called "
        "with; write history(self, x, w, p)",
        {},
    ),
    "initial misspelt": (
        "def inital(self, x, p):\n    return dict(dens=1.0, press=1.0)\n",
        "problem.py, line 5: inital() is no hook, and nothing calls it; did you mean 'initial'?",
        {},
    ),
    "init": (
        "def init(self, x, p):\n    return dict(dens=1.0, press=1.0)\n",
        "problem.py, line 5: init() is no hook, and nothing calls it; did you mean 'initial'?",
        {},
    ),
    "initial missing": (
        "def setup(self, p):\n    self.a = 1\n",
        "problem.py, line 4: Mine has no method initial(self, x, p), which returns "
        "dict(dens=..., press=...)",
        {},
    ),
    "boundary_x1": (
        more("def boundary_x1(self, w, x, t, p):\n    w.dens[...] = 1.0"),
        "problem.py, line 8: boundary_x1() is no hook, and nothing calls it; the hooks are "
        "boundary_SIDE, SIDE one of ix1, ox1, ix2, ox2, ix3, ox3",
        {},
    ),
    "boundary_xi1": (
        more("def boundary_xi1(self, w, x, t, p):\n    w.dens[...] = 1.0"),
        "problem.py, line 8: boundary_xi1() is no hook, and nothing calls it; the hooks are "
        "boundary_SIDE, SIDE one of ix1, ox1, ix2, ox2, ix3, ox3",
        {},
    ),
    "histroy": (
        more("def histroy(self, x, w, p):\n    return {}"),
        "problem.py, line 8: histroy() is no hook, and nothing calls it; did you mean 'history'?",
        {},
    ),
    "source_terms": (
        more("def source_terms(self, x, w, t, dt, p):\n    return {}"),
        "problem.py, line 8: source_terms() is no hook, and nothing calls it; did you mean "
        "'inject'?",
        {},
    ),
    "boundary that is not user": (
        more("def boundary_ix1(self, w, x, t, p):\n    w.dens[...] = 1.0"),
        "problem.py, line 8, boundary_ix1(): is never called, because mesh.boundaries.ix1 is "
        "'periodic'; set mesh.boundaries.ix1=user, or remove the hook",
        {},
    ),
    "user without boundary": (
        I,
        "'mesh.boundaries.ix1' = 'user', but problem 'mine' has no method boundary_ix1(self, "
        "w, x, t, p)",
        {"yaml": USER},
    ),
    "__init__": (
        more("def __init__(self):\n    self.a = 1"),
        "problem.py, line 8: write setup(self, p) in place of __init__; self.p, self.units "
        "and self.config are set before it",
        {},
    ),
    "defaults with self": (
        more("def defaults(self, config):\n    return {}"),
        "problem.py, line 8: defaults(config) is called without an object; write "
        "@staticmethod above it",
        {},
    ),
    "hook is a value": (
        I + "gravity = -1.0\n",
        "problem.py: gravity is a float; it is the name of the hook gravity(self, x, p)",
        {},
    ),
    "generator": (
        more("def history(self, x, w, p):\n    yield 1"),
        "problem.py, line 8: history(self, x, w, p) must return its result, without yield or async",
        {},
    ),
    "outside of the class": (
        "pass\n\n",
        "problem.py, line 7: initial() stands outside of the class; indent it, with self as "
        "its first argument",
        {"tail": "def initial(self, x, p):\n    return dict(dens=1.0, press=1.0)\n"},
    ),
    # other hooks
    "setup returns": (
        "def setup(self, p):\n    return {'a': 1}\n\n" + I,
        "problem.py, line 6, setup(): returns a dict, which is not used anywhere; keep what other "
        "hooks need in self",
        {},
    ),
    "defaults returns nothing": (
        more("@staticmethod\ndef defaults(config):\n    config"),
        "problem.py, line 9, defaults(): returns nothing; it must return a dict of "
        "parameters, such as {'fluid.gamma': 1.4}",
        {},
    ),
    "defaults with unknown name": (
        more("@staticmethod\ndef defaults(config):\n    return {'fluid.gama': 1.4}"),
        "defaults(): unknown parameter 'fluid.gama'; did you mean 'fluid.gamma'?",
        {},
    ),
    "gravity with wrong name": (
        more("def gravity(self, x, p):\n    return dict(gz=-1.0)"),
        "problem.py, line 9, gravity(): returns the unknown variable 'gz'; did you mean 'g3'?",
        {},
    ),
    "gravity returns an array": (
        more("def gravity(self, x, p):\n    return -x.x1"),
        "problem.py, line 9, gravity(): returns an array; it must return a dict of g1, g2, g3",
        {},
    ),
    "infinite gravity": (
        more("def gravity(self, x, p):\n    return dict(g1=np.full(x.shape, np.inf))"),
        "problem.py, line 9, gravity(): 'g1' = inf at x1=-0.6875, x2=0, x3=0; it must be finite",
        {},
    ),
    "potential with wrong name": (
        more("def vector_potential(self, x, p):\n    return dict(az=x.x1)"),
        "problem.py, line 9, vector_potential(): returns the unknown variable 'az'; did you "
        "mean 'a3'?",
        {"yaml": PLANE},
    ),
    "boundary returns": (
        more("def boundary_ix1(self, w, x, t, p):\n    return dict(dens=1.0)"),
        "problem.py, line 9, boundary_ix1(): returns a dict, which is not used anywhere; it sets w "
        "in place, as in w.dens[...] = 1.0",
        {"yaml": USER},
    ),
    "boundary sets unknown name": (
        more("def boundary_ix1(self, w, x, t, p):\n    w.rho = 1.0"),
        "problem.py, line 9, boundary_ix1(): w has no variable 'rho'; did you mean 'dens'?",
        {"yaml": USER},
    ),
    "boundary reads unknown name": (
        more("def boundary_ix1(self, w, x, t, p):\n    w.dens[...] = w.rho"),
        "problem.py, line 9, boundary_ix1(): w has no variable 'rho'; did you mean 'dens'?",
        {"yaml": USER},
    ),
    "boundary of wrong shape": (
        more("def boundary_ix1(self, w, x, t, p):\n    w.dens = np.ones(5)"),
        "problem.py, line 9, boundary_ix1(): 'dens' has the shape (5,); it must be a number "
        "or an array of the shape (1, 1, 2), indexed [k, j, i]",
        {"yaml": USER},
    ),
    "boundary assigns a text": (
        more("def boundary_ix1(self, w, x, t, p):\n    w.press = 'outflow'"),
        "problem.py, line 9, boundary_ix1(): 'press' is 'outflow'; it must be a number or an "
        "array of numbers",
        {"yaml": USER},
    ),
    "boundary negative": (
        more("def boundary_ix1(self, w, x, t, p):\n    w.press[...] = -1.0"),
        "problem.py, line 9, boundary_ix1(): sets w.press = -1; it must be positive",
        {"yaml": USER},
    ),
    "boundary not finite": (
        more("def boundary_ix1(self, w, x, t, p):\n    w.vel1[...] = np.inf"),
        "problem.py, line 9, boundary_ix1(): sets w.vel1 = inf; it must be finite",
        {"yaml": USER},
    ),
    "boundary field not finite": (
        more("def boundary_ix1(self, w, x, t, p):\n    w.b2[0, 0, 1] = np.nan"),
        "problem.py, line 9, boundary_ix1(): sets w.b2 = nan; it must be finite",
        {"yaml": USER},
    ),
    "boundary cosmic rays negative": (
        more("def boundary_ix1(self, w, x, t, p):\n    w.ecr[...] = -1.0"),
        "problem.py, line 9, boundary_ix1(): sets w.ecr = -1; it must be finite and not negative",
        {"yaml": USER},
    ),
    "boundary deletes": (
        more("def boundary_ix1(self, w, x, t, p):\n    del w.dens"),
        "problem.py, line 9, boundary_ix1(): deletes w.dens; a variable that it does not set "
        "stays as by outflow",
        {"yaml": USER},
    ),
    "inflow of negative cosmic rays": (
        more("def inflow_ix1(self, x, t, p):\n    return dict(dens=1.0, press=1.0, ecr=-1.0)"),
        "problem.py, line 9, inflow_ix1(): sets w.ecr = -1; it must be finite and not negative",
        {"yaml": USER.replace("user", "inflow")},
    ),
    "masked cells": (
        init("return dict(dens=np.ma.masked_less(1 + x.x1, 0.9), press=1)"),
        "problem.py, line 6, initial(): 'dens' has masked cells; give them values, as in "
        "q.filled(1.0)",
        {},
    ),
    "where of wrong shape": (
        more("def history(self, x, w, p):\n    return {'m': Total(w.dens, np.ones(3, bool))}"),
        "problem.py, line 9, history(): 'm' has a 'where' of the shape (3,); it must have the "
        "shape (1, 1, 8), indexed [k, j, i]",
        {"head": TOTAL},
    ),
    "where of numbers": (
        more("def history(self, x, w, p):\n    return {'m': Total(w.dens, w.dens - 1.0)}"),
        "problem.py, line 9, history(): 'm' has numbers in 'where'; it must be True and False, "
        "as in where=w.dens > 1.0",
        {"head": TOTAL},
    ),
    "label on two lines": (
        more("def history(self, x, w, p):\n    return {'a\\nb': Total(1.0)}"),
        "problem.py, line 9, history(): 'a\\nb' names no column; write 'name' or 'name [unit]', on "
        "one line",
        {"head": TOTAL},
    ),
    "label without a name": (
        more("def history(self, x, w, p):\n    return {'[kpc]': Total(1.0)}"),
        "problem.py, line 9, history(): '[kpc]' names no column; write 'name' or 'name [unit]', on "
        "one line",
        {"head": TOTAL},
    ),
    "label with an index": (
        more("def history(self, x, w, p):\n    return {'v[0] [km/s]': Total(1.0)}"),
        "problem.py, line 9, history(): 'v[0] [km/s]' names no column; write 'name' or "
        "'name [unit]', on one line",
        {"head": TOTAL},
    ),
    "one name with two units": (
        more("def history(self, x, w, p):\n    return {'a': Total(1.0), 'a [kpc]': Total(1.0)}"),
        "problem.py, line 9, history(): two columns are called 'a'; give one of them another name",
        {"head": TOTAL},
    ),
    "names that a table cannot tell apart": (
        more("def history(self, x, w, p):\n    return {'a b': Total(1.0), 'a_b': Total(1.0)}"),
        "problem.py, line 9, history(): two columns are called 'a_b'; give one of them another "
        "name",
        {"head": TOTAL},
    ),
    "name of a column of the code with a blank": (
        more("def history(self, x, w, p):\n    return {'floor dens': Total(1.0)}"),
        "problem.py, line 9, history(): 'floor dens' is a column of the code itself; give yours "
        "another name",
        {"head": TOTAL},
    ),
    "history changes w": (
        more("def history(self, x, w, p):\n    w.dens *= 2\n    return {'m': x.integral(w.dens)}"),
        "problem.py, line 9, history(): output array is read-only; change a copy of it, as "
        "in q = w.dens.copy()",
        {},
    ),
    "history changes w in place": (
        more(
            "def history(self, x, w, p):\n"
            "    w.dens[0, 0, 0] = 2\n"
            "    return {'m': x.integral(w.dens)}"
        ),
        "problem.py, line 9, history(): assignment destination is read-only; change a copy "
        "of it, as in q = w.dens.copy()",
        {},
    ),
    "history assigns to w": (
        more(
            "def history(self, x, w, p):\n"
            "    w.dens = 2 * w.dens\n"
            "    return {'m': x.integral(w.dens)}"
        ),
        "problem.py, line 9, history(): w.dens is assigned, which changes nothing; history() "
        "returns what it has to say",
        {},
    ),
    "history returns an array": (
        more("def history(self, x, w, p):\n    return {'m': w.dens}"),
        "problem.py, line 9, history(): 'm' is an array; say what it is over the box: "
        "total(x.integral(...)), mean(array, weight=...), minimum(array) or maximum(array), "
        "from crmpi.api",
        {},
    ),
    "history returns a text": (
        more("def history(self, x, w, p):\n    return {'m': 'large'}"),
        "problem.py, line 9, history(): 'm' is 'large'; say what it is over the box: "
        "total(x.integral(...)), mean(array, weight=...), minimum(array) or maximum(array), "
        "from crmpi.api",
        {},
    ),
    "history returns a number": (
        more("def history(self, x, w, p):\n    return 3.0"),
        "problem.py, line 9, history(): returns a float; it must return a dict of columns, "
        "such as {'outflow [Msun/yr]': total(...)}",
        {},
    ),
    "history returns nothing": (
        more("def history(self, x, w, p):\n    {'m': 1.0}"),
        "problem.py, line 8, history(): returns nothing; it must return a dict of columns, "
        "such as {'outflow [Msun/yr]': total(...)}",
        {},
    ),
    "temp without units": (
        more("def history(self, x, w, p):\n    return {'m': x.integral(w.temp)}"),
        "problem.py, line 9, history(): w has no variable 'temp'; "
        "it needs physical units, units.system=galactic or custom",
        {},
    ),
    "integral of wrong shape": (
        more("def history(self, x, w, p):\n    return {'m': x.integral(np.ones(3))}"),
        "problem.py, line 9, history(): operands could not be broadcast together with "
        "remapped shapes [original->remapped]: (3,)  and requested shape (1,1,8); arrays of "
        "a block have the shape x.shape = (n3, n2, n1), indexed [k, j, i]",
        {},
    ),
    "face misspelt": (
        more("def history(self, x, w, p):\n    return {'m': x.face_integral('x1', w.dens)}"),
        "problem.py, line 9, history(): x.face_integral: there is no face 'x1'; the faces "
        "are ix1, ox1, ix2, ox2, ix3, ox3",
        {},
    ),
    "inject with unknown name": (
        more("def inject(self, x, w, t, dt, p):\n    return dict(e=1.0)"),
        "problem.py, line 9, inject(): returns the unknown variable 'e'; known: eth, dens, "
        "mom1, mom2, mom3, ener, ecr",
        {},
    ),
    "inject returns nothing": (
        more("def inject(self, x, w, t, dt, p):\n    w.press"),
        "problem.py, line 8, inject(): returns nothing; it must return a dict of gained "
        "densities, such as {'eth': ..., 'ecr': ...}",
        {},
    ),
    "inject changes w": (
        more("def inject(self, x, w, t, dt, p):\n    w.press += 1.0\n    return {}"),
        "problem.py, line 9, inject(): output array is read-only; change a copy of it, as in "
        "q = w.dens.copy()",
        {},
    ),
    "inject assigns to w": (
        more("def inject(self, x, w, t, dt, p):\n    w.press = w.press + 1.0\n    return {}"),
        "problem.py, line 9, inject(): w.press is assigned, which changes nothing; inject() "
        "returns what it has to say",
        {},
    ),
    "inject of wrong shape": (
        more("def inject(self, x, w, t, dt, p):\n    return dict(ecr=np.ones(3))"),
        "problem.py, line 9, inject(): 'ecr' has the shape (3,); it must be a number or an "
        "array of the shape (1, 1, 8), indexed [k, j, i]",
        {},
    ),
    "inject not finite": (
        more("def inject(self, x, w, t, dt, p):\n    return dict(ecr=np.nan)"),
        "problem.py, line 9, inject(): 'ecr' = nan at x1=-0.4375, x2=0, x3=0; it must be finite",
        {},
    ),
    "exact with unknown name": (
        more("def exact(self, x, t, p):\n    return dict(rho=1.0)"),
        "problem.py, line 9, exact(): returns the unknown variable 'rho'; did you mean 'dens'?",
        {},
    ),
    "exact returns nothing": (
        more("def exact(self, x, t, p):\n    1.0"),
        "problem.py, line 8, exact(): returns nothing; it must return a dict of primitives, "
        "such as dict(dens=...)",
        {},
    ),
    "summary without the column": (
        more("def summary(self, history, p):\n    return {'mass': history['mas'][-1]}"),
        "problem.py, line 9, summary(): the history has no column 'mas'; did you mean 'mass'?",
        {},
    ),
    "summary returns a text": (
        more("def summary(self, history, p):\n    return 'done'"),
        "problem.py, line 9, summary(): returns a str; it must return a dict of texts, "
        "{label: text}",
        {},
    ),
    "area negative": (
        more("def area(self, s, p):\n    return -1.0"),
        "problem.py, line 9, area(): returns -1.0 for s = -0.75; it must return one number "
        "that is not negative",
        {"words": ["mesh.geometry=own", "mesh.boundaries=outflow"]},
    ),
    "area returns nothing": (
        more("def area(self, s, p):\n    s"),
        "problem.py, line 8, area(): returns nothing for s = -0.75; it must return one "
        "number that is not negative",
        {"words": ["mesh.geometry=own", "mesh.boundaries=outflow"]},
    ),
    "area missing": (
        I,
        "'mesh.geometry' = 'own', but problem 'mine' has no method area(self, s, p)",
        {"words": ["mesh.geometry=own", "mesh.boundaries=outflow"]},
    ),
    # parameters and the file
    "parameter without par": (
        "class Params:\n    amplitude: float = 0.1\n\n" + I,
        "problem.py, line 4: Mine.Params.amplitude must be declared as amplitude: type = "
        "par(default, doc=...)",
        {},
    ),
    "parameter without type": (
        "class Params:\n    amplitude = par(0.1)\n\n" + I,
        "problem.py, line 4: Mine.Params.amplitude has no type; declare it as amplitude: "
        "type = par(default, doc=...)",
        {},
    ),
    "parameter bare": (
        "class Params:\n    amplitude = 0.1\n\n" + I,
        "problem.py, line 4: Mine.Params.amplitude has no type; declare it as amplitude: "
        "type = par(default, doc=...)",
        {},
    ),
    "parameter of unknown type": (
        "class Params:\n    amplitude: flaot = par(0.1)\n\n" + I,
        "problem.py, line 6: cannot be imported: 'flaot' is not defined; assign to it before "
        "it is used",
        {},
    ),
    "parameter of impossible type": (
        "class Params:\n    amplitude: dict = par({})\n\n" + I,
        "problem.py, line 4: Mine.Params.amplitude: the type must be float, int, bool, str, "
        "a tuple of these, or a group",
        {},
    ),
    "parameter with unknown unit": (
        "class Params:\n    amplitude: float = par(0.1, unit='kpcs')\n\n" + I,
        "problem.py, line 4: Mine.Params.amplitude has the unknown unit 'kpcs'; did you mean "
        "'kpc'?",
        {},
    ),
    "parameter with unknown option": (
        "class Params:\n    amplitude: float = par(0.1, min=0)\n\n" + I,
        "problem.py, line 6: cannot be imported: TypeError: par() got an unexpected keyword "
        "argument 'min' (--debug shows the traceback)",
        {},
    ),
    "default out of range": (
        "class Params:\n    amplitude: float = par(-0.1, gt=0)\n\n" + I,
        "the default of 'problem.amplitude' = -0.1 must be > 0; change it in the declaration "
        "of the parameter",
        {},
    ),
    "colon forgotten": (
        "def initial(self, x, p)\n    return dict(dens=1.0, press=1.0)\n",
        "problem.py, line 5: cannot be imported: SyntaxError: expected ':'",
        {},
    ),
    "indentation": (
        "def initial(self, x, p):\n  a = 1\n   b = 2\n",
        "problem.py, line 7: cannot be imported: SyntaxError: unexpected indent",
        {},
    ),
    "module that is not there": (
        I,
        "problem.py, line 1: cannot be imported: there is no module 'helpers'; install it, "
        "or put helpers.py beside the problem file",
        {"head": "import helpers\nfrom crmpi.api import Problem, np, par\n\n"},
    ),
    "wrong import": (
        I,
        "problem.py, line 1: cannot be imported: cannot import name 'Problem' from 'crmpi'; "
        "write from crmpi.api import Problem, np, par",
        {"head": "from crmpi import Problem\n\n\n"},
    ),
    "wrong name from api": (
        I,
        "problem.py, line 1: cannot be imported: cannot import name 'numpy' from "
        "'crmpi.api'; write from crmpi.api import Problem, np, par",
        {"head": "from crmpi.api import Problem, numpy\n\n\n"},
    ),
    "error while importing": (
        I,
        "problem.py, line 2: cannot be imported: IndexError: list index out of range "
        "(--debug shows the traceback)",
        {"head": "from crmpi.api import Problem\ntable = [1, 2][3]\n\n"},
    ),
    "two problems": (
        I,
        "problem file 'problem.py' must define exactly one subclass of crmpi.api.Problem, it "
        "defines 2 (Mine, Other)",
        {"tail": "class Other(Mine):\n    pass\n"},
    ),
    "no problem": (
        I,
        "problem file 'problem.py' must define exactly one subclass of crmpi.api.Problem, it "
        "defines 0",
        {"head": "from crmpi.api import np\nclass Problem:\n    pass\n\n"},
    ),
}


@pytest.fixture
def complain(tmp_path, capsys, monkeypatch):
    """Return a function that runs a class of this body, and returns the one sentence of its
    error."""
    monkeypatch.chdir(tmp_path)

    def run(body, yaml=MESH + REST, head=HEAD, tail="", words=()):
        folder = tmp_path / "mine"
        folder.mkdir()
        text = head + "class Mine(Problem):\n" + textwrap.indent(body, "    ") + tail
        (folder / "problem.py").write_text(text)
        (folder / "mine.yaml").write_text(yaml)
        code = main(["run", "mine", "--quiet", *words])
        lines = capsys.readouterr().err.splitlines()
        assert code == 2, lines
        assert len(lines) == 1, lines
        return lines[0].removeprefix("crmpi: error: ")

    return run


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_one_sentence(complain, name):
    body, sentence, options = MISTAKES[name]
    assert complain(body, **options) == sentence


def test_a_summary_cannot_change_the_history(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    body = I + "def summary(self, history, p):\n    history['ener'][-1] = 7e7\n    return {}\n"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "problem.py").write_text(
        HEAD + "class Mine(Problem):\n" + textwrap.indent(body, "    ")
    )
    (tmp_path / "mine" / "mine.yaml").write_text(MESH + REST)
    assert main(["run", "mine"]) == 0
    change = next(
        line for line in capsys.readouterr().out.splitlines() if "change until the end" in line
    )
    assert float(change.split()[-1]) == 0.0
