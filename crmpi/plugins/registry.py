"""Classes of one kind by name, each with the place where it comes from.

A class is registered when it is defined. Those of crmpi itself, of installed packages and of the
running Python session are always there; those of a file or of a problem only while the run that
names them is assembled and running, see `crmpi.plugins.discovery.use`.
"""

import difflib
import importlib
import pkgutil
import re
from contextlib import contextmanager
from typing import NamedTuple

from crmpi.errors import CrmpiError
from crmpi.plugins.guard import guard
from crmpi.plugins.mistakes import comes_with_crmpi


class Origin(NamedTuple):
    """Where a class comes from.

    how : 'crmpi', 'installed', 'file' or 'session'
    root : name and version of a package, path of a file, or folder of a problem
    """

    how: str
    root: str = ""

    def __str__(self):
        texts = {"crmpi": "crmpi", "session": "this Python session"}
        return texts.get(self.how) or ("package " * (self.how == "installed") + self.root)


PACKAGE, SESSION = Origin("crmpi"), Origin("session")

_loading = []  # origins of the files that are being imported, the innermost last
_active = set()  # roots of the files in use
before_lookup = []
"""Functions that are called before classes are looked up: they load installed packages."""


@contextmanager
def loading(origin):
    """Register what is defined meanwhile as coming from `origin`."""
    _loading.append(origin)
    try:
        yield
    finally:
        _loading.pop()


def activate(roots):
    """Make the classes of these files, and of no others, known by name."""
    _active.clear()
    _active.update(roots)


class Registry:
    """Classes of one kind.

    Parameters
    ----------
    kind : str
        'scattering model', for messages
    package : str
        name of the package whose modules define those of crmpi
    chosen : str
        how a run chooses the one called {name}
    hooks : sequence of str
        methods whose mistakes are reported by file and line
    group : str
        YAML group of its parameters, '' if it has none
    as_defined : bool
        names are in the order of definition; else sorted
    """

    def __init__(self, kind, package, chosen, *, hooks, group="", as_defined=False):
        self.kind, self.package, self.hooks = kind, package, tuple(hooks)
        self.chosen, self.group = chosen, group
        self._as_defined, self._imported = as_defined, False
        self._entries = {}  # (origin, name) -> class

    def add(self, cls):
        """Register a class that has a name of its own."""
        if not vars(cls).get("name"):
            return
        origin = self._origin(cls)
        if origin != PACKAGE:
            if not (isinstance(cls.name, str) and re.fullmatch(r"[a-z][a-z0-9_]*", cls.name)):
                raise CrmpiError(
                    f"the {self.kind} {cls.__name__} has the name {cls.name!r}; a name consists of "
                    "small letters, digits and _"
                )
            guard(cls, self.hooks)
        self._entries[origin, cls.name] = cls

    def _origin(self, cls):
        if comes_with_crmpi(cls):
            return PACKAGE
        return _loading[-1] if _loading else SESSION

    def forget(self, origin, name=None):
        """Forget the classes of an origin, or the one called `name`."""
        for key in [k for k in self._entries if k[0] == origin and name in (None, k[1])]:
            del self._entries[key]

    def entries(self):
        """Return {name: (class, Origin)} of all that can be chosen now.

        Raises
        ------
        CrmpiError
            two of them have the same name
        """
        self._import_package()
        for function in before_lookup:
            function()
        found = {}
        for (origin, name), cls in self._entries.items():
            if origin.how == "file" and origin.root not in _active:
                continue
            if name in found:
                raise CrmpiError(
                    f"the {self.kind} '{name}' of {origin} has the name of one of "
                    f"{found[name][1]}; give it another name",
                    everywhere=True,
                )
            found[name] = (cls, origin)
        return found if self._as_defined else dict(sorted(found.items()))

    def _import_package(self):
        if self._imported:
            return
        self._imported = True
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__, f"{self.package}."):
            importlib.import_module(module.name)

    def classes(self):
        """Return {name: class} of all that can be chosen now."""
        return {name: cls for name, (cls, _) in self.entries().items()}

    def origin(self, name):
        """Return the `Origin` of a class."""
        return self.entries()[name][1]

    def find(self, name):
        """Return the class called `name`.

        Raises
        ------
        CrmpiError
            there is none; the message names what there is
        """
        classes = self.classes()
        if name not in classes:
            close = difflib.get_close_matches(str(name), classes, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(classes)}"
            raise CrmpiError(f"unknown {self.kind} '{name}'; {hint}", everywhere=True)
        return classes[name]

    # a mapping of what can be chosen now: for choices of parameters

    def __iter__(self):
        return iter(self.classes())

    def __len__(self):
        return len(self.classes())

    def __contains__(self, name):
        return name in self.classes()

    def __getitem__(self, name):
        return self.classes()[name]

    def items(self):
        """Return the pairs of name and class."""
        return self.classes().items()


class Choices:
    """The names of a registry after some fixed words: choices of a parameter.

    Parameters
    ----------
    registry : Registry
    words : str
    """

    def __init__(self, registry, *words):
        self.registry, self.words = registry, words

    def __iter__(self):
        return iter((*self.words, *self.registry))

    def __contains__(self, word):
        return word in tuple(self)
