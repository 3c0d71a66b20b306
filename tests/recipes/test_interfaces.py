"""Listings of interfaces, the blocks ``python interface``, name what the classes and modules
have."""

import inspect
import pkgutil
import re

import pytest

from crmpi.boundary.ghosts import Ghosts
from crmpi.mesh.pack import Pack
from crmpi.model.hooks import HOOKS
from crmpi.model.problem import Problem
from crmpi.output.writer import OutputWriter
from crmpi.parallel.comm import MpiComm, SerialComm
from crmpi.parallel.halo import Halo
from crmpi.params.config import Config
from crmpi.params.core import CORE
from crmpi.physics.base import Source
from crmpi.physics.fluid import Fluid
from crmpi.physics.gravity import Gravity
from crmpi.run.configuration import groups_for
from crmpi.scattering.base import ScatteringModel
from crmpi.transport.base import TransportSolver
from tests.recipes.pages import blocks

CLASSES = {cls.__name__: cls for cls in (TransportSolver, ScatteringModel, Source)}
CLASSES["MyProblem"] = Problem
OBJECTS = {
    "comm": (SerialComm, MpiComm),
    "config": (Config,),
    "fluid": (Fluid,),
    "ghosts": (Ghosts,),
    "gravity": (Gravity,),
    "halo": (Halo,),
    "pack": (Pack,),
    "writer": (OutputWriter,),
}
"""What the names of objects stand for in the listings."""

GROUPS = {*CORE, *groups_for(Problem)}

LISTINGS = blocks("python interface")


def has(cls, name):
    """Return whether objects of a class have an attribute (also one set by a method), hook or group
    of parameters."""
    if (
        hasattr(cls, name)
        or (cls is Problem and name in HOOKS)
        or (cls is Config and name in GROUPS)
    ):
        return True
    sources = [inspect.getsource(base) for base in cls.__mro__ if base.__module__[:5] == "crmpi"]
    pattern = rf"\bself\.{name}\b|\bself(\.\w+)?, .*{name}|^ +{name}:"
    return any(re.search(pattern, source, re.MULTILINE) for source in sources)


def arguments_of(cls, method):
    """Return the names of the arguments of a method or hook."""
    if cls is Problem:
        return ["self", *HOOKS[method]]
    return list(inspect.signature(getattr(cls, method)).parameters)


def lines_of_classes(text):
    """Yield (class, line) of the members in a listing, comments removed."""
    owner = None
    for line in text.splitlines():
        line = line.split("#")[0].rstrip()
        opening = re.match(r"class (\w+)", line)
        if opening:
            owner = CLASSES[opening[1]]
        elif line and not line.startswith(" "):
            owner = None
        elif line and owner is not None:
            yield owner, line.strip()


@pytest.mark.parametrize("block", LISTINGS, ids=map(str, LISTINGS))
def test_classes_have_their_members(block):
    for cls, line in lines_of_classes(block.text):
        for name in members(line):
            assert has(cls, name), f"{block}: {cls.__name__} has no {name}"
        method = re.match(r"def (\w+)\(([^)]*)\)", line)
        if method:
            given = [word.split("=")[0].strip() for word in method[2].split(",")]
            given = [word for word in given if word != "cls"]
            real = arguments_of(cls, method[1])
            assert given == real, f"{block}: {cls.__name__}.{method[1]}({', '.join(real)})"


def members(line):
    """Return the names that a line of a class lists."""
    line = re.sub(r"^(?:def|class) ", "", line)
    line = re.sub(r"\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|->.*|[:=] .*", "", line)
    return re.findall(r"\w+", line)


@pytest.mark.parametrize("block", LISTINGS, ids=map(str, LISTINGS))
def test_objects_have_their_attributes(block):
    text = re.sub(r"#.*", "", block.text)
    for name, attribute in re.findall(r"(?<![\w.])(\w+)\.([a-z_]\w*)", text):
        for cls in OBJECTS.get(name, ()):
            assert has(cls, attribute), f"{block}: {cls.__name__} has no {attribute}"


@pytest.mark.parametrize("block", LISTINGS, ids=map(str, LISTINGS))
def test_functions_are_where_they_are_said_to_be(block):
    text = re.sub(r"#.*", "", block.text)
    for path, keywords in re.findall(r"(crmpi(?:\.\w+)+)\(([^\n]*)\)", text):
        owner, _, name = path.rpartition(".")
        function = getattr(pkgutil.resolve_name(owner), name)
        parameters = inspect.signature(function).parameters
        assert set(re.findall(r"(\w+)=(?![^\"]*\"\])", keywords)) <= set(parameters), path
