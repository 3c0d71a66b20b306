"""Mistakes in a problem file as 'problem.py, line 13, initial(): what is wrong; what to do'."""

import ast
import difflib
import inspect
import traceback
import types
from dataclasses import FrozenInstanceError
from functools import cache
from pathlib import Path

from crmpi.errors import CrmpiError

OTHER_NAMES = {
    "rho": "dens", "density": "dens", "d": "dens", "p": "press", "pressure": "press",
    "pres": "press", "prs": "press", "pgas": "press", "vx": "vel1", "vy": "vel2", "vz": "vel3",
    "v1": "vel1", "v2": "vel2", "v3": "vel3", "u": "vel1", "velx": "vel1", "vely": "vel2",
    "velz": "vel3", "bx": "b1", "by": "b2", "bz": "b3", "Bx": "b1", "By": "b2", "Bz": "b3",
    "B1": "b1", "B2": "b2", "B3": "b3", "e_cr": "ecr", "ec": "ecr", "Ecr": "ecr", "crs": "ecr",
    "pcr": "ecr", "temperature": "temp", "T": "temp", "x": "x1", "y": "x2", "X": "x1",
    "Y": "x2", "radius": "r", "dx": "dx1", "dy": "dx2", "dz": "dx3", "vol": "volume",
    "gx": "g1", "gy": "g2", "gz": "g3", "ax": "a1", "ay": "a2", "az": "a3", "kB": "k_B",
    "mp": "m_p", "me": "m_e", "msun": "Msun", "clight": "c",
}  # fmt: skip
"""What other codes and papers call the variables, coordinates and constants of hooks."""

NEEDS = {
    "ecr": "fluid.cosmic_rays=true",
    "fcr": "transport.solver=two_moment or alfven_regulated",
    "temp": "physical units, units.system=galactic or custom",
}
"""What a run must have so that there is a variable."""

_MODULES = {
    "np": "from crmpi.api import np",
    "numpy": "from crmpi.api import np",
    "par": "from crmpi.api import par",
}
_MODULES |= {
    "Problem": "from crmpi.api import Problem",
    "math": "import math",
    "units": "self.units",
    "config": "self.config",
}


class HookError(CrmpiError):
    """A mistake in a problem file."""


def close_name(word, known):
    """Return the one of `known` that `word` probably means, or None."""
    known = list(known)
    word = str(word)
    if OTHER_NAMES.get(word) in known:
        return OTHER_NAMES[word]
    same = [name for name in known if name.casefold() == word.casefold()]
    return (same or difflib.get_close_matches(word, known, n=1, cutoff=0.7) or [None])[0]


def suggestion(word, known, what="known"):
    """Return the end of a sentence about an unknown word: the name that is meant, or all names."""
    if word in NEEDS:
        return f"it needs {NEEDS[word]}"
    near = close_name(word, known)
    return f"did you mean '{near}'?" if near else f"{what}: {', '.join(map(str, known)) or 'none'}"


@cache
def folder_of(problem_class):
    """Return the folder of the file that defines a class of problems; None if there is no file."""
    try:
        return Path(inspect.getfile(problem_class)).resolve().parent
    except (TypeError, OSError):
        return None


def sentence(problem_class, hook, error, subjects):
    """Return the sentence about an exception in a hook.

    Parameters
    ----------
    problem_class : type
    hook : str
        name of the hook
    error : BaseException
    subjects : dict
        name to object of what the hook was given: x, w, p, self ..., the names for messages
    """
    place = _place(folder_of(problem_class), file_name(problem_class), error)
    return f"{place}, {hook}(): {what_of(error, subjects)}"


def where_in(path, error):
    """Return the place 'problem.py, line 3' of an error while the file `path` is imported."""
    return _place(path.parent, path.name, error)


def is_own(problem_class, error):
    """Whether the author raised this error: it comes from a line of the problem's own files."""
    frames = traceback.extract_tb(error.__traceback__)
    folder = folder_of(problem_class)
    return bool(frames) and folder is not None and _inside(frames[-1].filename, folder)


def is_own_call(owner, error):
    """Whether an error was raised in what a line of the owner's files called, not in that line."""
    folder = folder_of(owner)
    frames = traceback.extract_tb(error.__traceback__)
    inside = [folder is not None and _inside(frame.filename, folder) for frame in frames]
    return any(inside) and not inside[-1]


def _place(folder, file, error):
    """Return the file and line of the innermost frame in the folder of a problem."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if folder is not None and _inside(frame.filename, folder)]
    line = None
    if own:
        file, line = Path(own[-1].filename).name, own[-1].lineno
    if isinstance(error, SyntaxError) and error.filename:
        file, line = Path(error.filename).name, error.lineno
    return f"{file}, line {line}" if line else file


def _inside(filename, folder):
    return not filename.startswith("<") and folder in Path(filename).resolve().parents


def file_name(problem_class):
    """Return the name of the file that defines a class of problems, or what the class is called
    where there is none."""
    try:
        return Path(inspect.getfile(problem_class)).name
    except (TypeError, OSError):
        return f"problem '{problem_class.name or problem_class.__name__}'"


def comes_with_crmpi(cls):
    """Return whether a class is one of crmpi's own."""
    return cls.__module__.startswith("crmpi.")


def place_of_own(cls, hooks):
    """Return the place of the first of `hooks` that a plug-in defines, or a class outside of crmpi
    that it inherits from; its file where there is none."""
    for owner in cls.__mro__:
        hook = next((name for name in hooks if name in vars(owner)), None)
        if hook and not comes_with_crmpi(owner):
            return place_of(owner, hook)
    return file_name(cls)


def place_of(problem_class, hook, key=None):
    """Return the place 'problem.py, line 13, initial()' of `key` in a hook, or of its return."""
    file, line = file_name(problem_class), None
    function = inspect.unwrap(getattr(problem_class, hook, None) or (lambda: None))
    try:
        source, first = inspect.getsourcelines(function)
        line = first + _line_in(source, key) - 1
        file = Path(inspect.getfile(function)).name
    except (TypeError, OSError, SyntaxError, IndentationError):
        pass
    return ", ".join([file, *([f"line {line}"] if line else []), f"{hook}()"])


def _line_in(source, key):
    """Return the line of `key` in the text of a function, else of its return, else of its name."""
    indent = len(source[0]) - len(source[0].lstrip())
    tree = ast.parse("".join(text[indent:] if text.strip() else text for text in source))
    keys = [
        node.value.lineno if isinstance(node, ast.keyword) else node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.keyword) and node.arg == key)
        or (isinstance(node, ast.Constant) and node.value == key)
        or (isinstance(node, ast.Attribute) and node.attr == key)
    ]
    if key is not None and keys:
        return min(keys)
    returns = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Return)]
    definition = next(node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return returns[0] if len(returns) == 1 else definition


def what_of(error, subjects):
    """Return what went wrong and what to do; `subjects` as for `sentence`."""
    message = str(error) or "no message"
    if isinstance(error, CrmpiError):
        return message
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg}"
    if isinstance(error, ModuleNotFoundError):
        remedy = f"install it, or put {error.name}.py beside the problem file"
        return f"there is no module '{error.name}'; {remedy}"
    if isinstance(error, ImportError) and error.name and error.name.partition(".")[0] == "crmpi":
        return f"{str(error).partition(' (')[0]}; write from crmpi.api import Problem, np, par"
    if isinstance(error, SystemExit):
        return "it calls exit(); raise an error with a sentence in place of it"
    if isinstance(error, FrozenInstanceError):
        name, where = str(error).split("'")[1], "in the YAML file or on the command line"
        return f"p.{name} cannot be changed; parameters are given {where}"
    if isinstance(error, AttributeError) and getattr(error, "name", None):
        return _attribute(error, subjects)
    if isinstance(error, NameError) and getattr(error, "name", None):
        return _name(error)
    if isinstance(error, KeyError) and error.args:
        return _key(error, subjects)
    if isinstance(error, RecursionError):
        return "RecursionError: it calls itself without end"
    advice = _ADVICE.items()
    for part, remedy in advice:
        if part in message:
            return f"{message}; {remedy}"
    return f"{type(error).__name__}: {' '.join(message.split())} (--debug shows the traceback)"


_SHAPES = "arrays of a block have the shape x.shape = (n3, n2, n1), indexed [k, j, i]"
_ADVICE = {
    "has no setter": "compute a new array in its place",
    "'Params' object is not": "parameters are attributes, as in p.name",
    "read-only": "change a copy of it, as in q = w.dens.copy()",
    "ambiguous": (
        "conditions on arrays are written np.where(condition, a, b), and combined with & and |"
    ),
    "could not be broadcast": _SHAPES,
    "could not broadcast": _SHAPES,
    "non-broadcastable": _SHAPES,
    "out of bounds for axis": _SHAPES,
    "too many indices": _SHAPES,
}


def _attribute(error, subjects):
    name, owner = error.name, error.obj
    groups = getattr(subjects.get("self.config"), "groups", {})
    named = subjects | {f"self.config.{key}": members for key, members in groups.items()}
    called = next((label for label, subject in named.items() if subject is owner), None)
    if isinstance(owner, types.ModuleType):
        return f"{owner.__name__} has no '{name}'; {_near(name, dir(owner))}"
    if called is None:
        return f"{error}; {_near(name, dir(owner))}"
    known = _members(owner)
    what = {"p": "parameter", "w": "variable"}.get(
        called, "parameter" if "config." in called else "attribute"
    )
    remedy = suggestion(name, known, f"{called} has")
    group = next(
        (
            key
            for key, members in groups.items()
            if hasattr(type(members), name) or name in vars(members)
        ),
        None,
    )
    if not close_name(name, known) and called == "p" and group:
        remedy = f"it is self.config.{group}.{name}"
    elif not close_name(name, known) and called == "self":
        remedy = f"set self.{name} in setup(self, p)"
    return f"{called} has no {what} '{name}'; {remedy}"


def _members(owner):
    """Return the names that an author may use of what a hook was given."""
    fields = getattr(type(owner), "__dataclass_fields__", None)
    if fields is not None:
        return list(fields)
    own = (
        [name for name in vars(owner) if not name.startswith("_")]
        if hasattr(owner, "__dict__")
        else []
    )
    if hasattr(owner, "groups"):
        return list(owner.groups)
    if isinstance(owner, types.SimpleNamespace):
        return own
    return sorted({*own, *(name for name in dir(type(owner)) if not name.startswith("_"))})


def _near(name, known):
    near = close_name(name, [word for word in known if not word.startswith("_")])
    return f"did you mean '{near}'?" if near else "--debug shows the traceback"


def _name(error):
    if error.name in _MODULES:
        fix = _MODULES[error.name]
        return f"'{error.name}' is not defined; " + (
            f"write {fix} at the top of the file" if "import" in fix else f"write {fix}"
        )
    frames = list(traceback.walk_tb(error.__traceback__))
    frame = frames[-1][0] if frames else None
    known = [*frame.f_locals, *frame.f_globals] if frame else []
    own = frame.f_locals.get("self") if frame else None
    if own is not None and hasattr(own, error.name):
        return f"'{error.name}' is not defined; did you mean 'self.{error.name}'?"
    params = frame.f_locals.get("p") if frame else None
    if error.name in getattr(type(params), "__dataclass_fields__", ()):
        return f"'{error.name}' is not defined; did you mean 'p.{error.name}'?"
    near = close_name(error.name, [word for word in known if not word.startswith("_")])
    return f"'{error.name}' is not defined; " + (
        f"did you mean '{near}'?" if near else "assign to it before it is used"
    )


def _key(error, subjects):
    key = error.args[0]
    history = subjects.get("history")
    if history is not None and key not in history:
        return f"the history has no column '{key}'; {suggestion(key, history, 'it has')}"
    return f"KeyError: there is no key {key!r} (--debug shows the traceback)"
