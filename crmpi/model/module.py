"""Loading a problem file: its one class, its helper modules, mistakes in how it is written."""

import inspect
import os
import re
import tokenize
from pathlib import Path

from crmpi.errors import CrmpiError
from crmpi.model.hooks import HOOKS, SIDES, with_article
from crmpi.model.problem import Problem
from crmpi.params.convert import show
from crmpi.plugins.mistakes import HookError, file_name, suggestion
from crmpi.plugins.modules import import_file
from crmpi.plugins.registry import Origin, loading


def load_problem_class(path):
    """Return the one `Problem` subclass defined in the file `path`; its name is that of the folder.

    The module is registered under a name of its own for every path; modules that lie beside the
    file can be imported while the file is read and in its hooks.

    Raises
    ------
    CrmpiError
        the file cannot be imported, does not define exactly one problem, or has impossible hooks
    """
    if not os.path.isfile(path):
        raise CrmpiError(f"there is no file {show(str(path))}")
    path = Path(path).resolve()
    name = path.parent.name if path.name == "problem.py" else path.stem
    with loading(Origin("file", str(path.parent))):
        module = import_file(path, "crmpi_problem", name)
    classes = [
        c
        for c in vars(module).values()
        if inspect.isclass(c) and issubclass(c, Problem) and c.__module__ == module.__name__
    ]
    if len(classes) != 1:
        named = f" ({', '.join(c.__name__ for c in classes)})" if classes else ""
        raise HookError(
            f"problem file '{path.name}' must define exactly one subclass of crmpi.api.Problem, "
            f"it defines {len(classes)}{named}"
        )
    complaint = _outside(module, path) or check_class(classes[0], _text(path))
    if complaint is not None:
        raise HookError(complaint)
    classes[0].name = name
    return classes[0]


def _text(path):
    with tokenize.open(path) as file:  # in the encoding that the file declares
        return file.read()


def _outside(module, path):
    """Return the complaint about a hook that stands outside of the class, or None."""
    for name, member in vars(module).items():
        if (
            name in HOOKS
            and isinstance(member, type(_outside))
            and member.__module__ == module.__name__
        ):
            line = member.__code__.co_firstlineno
            remedy = "indent it, with self as its first argument"
            what = f"{name}() stands outside of the class; {remedy}"
            return f"{path.name}, line {line}: {what}"
    return None


def check_class(problem_class, source):
    """Return the first mistake in how a class defines its hooks, a sentence, or None.

    Parameters
    ----------
    problem_class : subclass of Problem
    source : str
        text of the file: a method that it calls is a helper, whatever its name
    """
    bases = [base for base in problem_class.__mro__ if base not in Problem.__mro__]
    own = {name: member for base in reversed(bases) for name, member in vars(base).items()}
    file = file_name(problem_class)
    for name, member in own.items():
        what = _mistake_of_member(problem_class, name, member, source)
        if what is not None:
            line = _line_of(member)
            return f"{file}{f', line {line}' if line else ''}: {what}"
    if problem_class.initial is Problem.initial:
        name = problem_class.__name__
        line = next(
            (
                n
                for n, text in enumerate(source.splitlines(), 1)
                if text.startswith(f"class {name}")
            ),
            1,
        )
        what = "has no method initial(self, x, p), which returns dict(dens=..., press=...)"
        return f"{file}, line {line}: {name} {what}"
    return None


def _mistake_of_member(problem_class, name, member, source):
    if name == "__init__":
        remedy = "self.p, self.units and self.config are set before it"
        return f"write setup(self, p) in place of __init__; {remedy}"
    if name == "params" and inspect.isclass(member):
        return "class params is ignored; write class Params"
    if name == "Params" and "name" in getattr(member, "__dataclass_fields__", {}):
        return "a parameter cannot be called 'name': problem.name is the name of the problem"
    if name in HOOKS:
        return _mistake_of_hook(problem_class, name, member)
    function = getattr(member, "__func__", member)
    if (
        name.startswith("_")
        or not inspect.isfunction(function)
        or re.search(rf"\.{name}\b", source)
    ):
        return None
    meant = _meant(name)
    return f"{name}() is no hook, and nothing calls it; {meant}" if meant else None


_OTHER_NAMES = {
    "init": "initial",
    "initialise": "initial",
    "initialize": "initial",
    "initial_conditions": "initial",
    "source": "inject",
    "sources": "inject",
    "source_terms": "inject",
    "potential": "gravity",
}
"""What other codes call the hooks."""


def _meant(name):
    """Return the remedy for a method that no one calls and whose name resembles that of a hook."""
    if name in _OTHER_NAMES:
        return f"did you mean '{_OTHER_NAMES[name]}'?"
    sided = re.match(r"(inflow)|bound|bc_|bcs?$|ghost", name)
    kind = (sided[1] or "boundary") if sided else None
    known = [f"{kind}_{side}" for side in SIDES] if sided else HOOKS
    near = suggestion(name, known)
    if sided and not (near.startswith("did") and re.search(r"[io]x[123]", name)):
        return f"the hooks are {kind}_SIDE, SIDE one of {', '.join(SIDES)}"
    return near if near.startswith("did you mean") else None


def _mistake_of_hook(problem_class, name, member):
    arguments = HOOKS[name]
    wanted = f"{name}({', '.join(arguments if name == 'defaults' else ('self', *arguments))})"
    function = getattr(member, "__func__", member)
    if not callable(function):
        return (
            f"{name} is {with_article(type(member).__name__)}; it is the name of the hook {wanted}"
        )
    if name == "defaults" and not isinstance(member, (staticmethod, classmethod)):
        return "defaults(config) is called without an object; write @staticmethod above it"
    if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        return f"{wanted} must return its result, without yield or async"
    bound = arguments if isinstance(member, staticmethod) else (problem_class, *arguments)
    try:
        inspect.signature(function).bind(*bound)
    except TypeError:
        given = ", ".join(inspect.signature(function).parameters)
        return f"{name}({given}) takes other arguments than it is called with; write {wanted}"
    return None


def _line_of(member):
    code = getattr(getattr(member, "__func__", member), "__code__", None)
    return code.co_firstlineno if code else None
