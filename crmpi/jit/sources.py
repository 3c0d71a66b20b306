"""Which source a kernel depends on: the text of its file and of every file it imports, directly or
not, from crmpi or, for a user's file, from beside it.

numba alone checks the kernel's own file, and would run stale machine code after an edit of a
callee.
"""

import functools
import hashlib
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
_IMPORT = re.compile(
    (
        rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^#\n]+)|import[ "
        rb"\t]+([^#\n]*))"
    ),
    re.MULTILINE,
)


def source_hash(path):
    """Return a hash of the Python file `path` and of all files it depends on."""
    path = Path(path).resolve()
    return _package_hash(path) if path.is_relative_to(PACKAGE) else _hash(path)


def _hash(path):
    digest = hashlib.sha256()
    for file in sorted(_dependencies(path)):
        digest.update(_text(file))
    return digest.hexdigest()[:16]


def _dependencies(path):
    """Return the set of `path` and the files reached from its import statements."""
    reached, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            waiting.extend(_files(imports(_text(file)), file))
    return reached


def _text(path):
    return _package_text(path) if path.is_relative_to(PACKAGE) else path.read_bytes()


# files of users may change while a program that imports crmpi goes on, as in a notebook: only those
# of the package are read once
_package_hash = functools.cache(_hash)
_package_text = functools.cache(Path.read_bytes)


@functools.cache
def imports(text):
    """Return the names of modules, and of what may be modules, that the source `text` (bytes)
    imports; every start does this, so it searches the text instead of parsing it."""
    names = set()
    for module, members, modules in _IMPORT.findall(text):
        names.update(re.findall(r"[\w.]+", modules.decode()))
        if module:
            names.add(module.decode())
            names.update(
                f"{module.decode()}.{name}"
                for name in re.findall(r"\w+", re.sub(r"#.*|\bas\s+\w+", "", members.decode()))
            )
    return frozenset(names)


def _files(names, importer):
    """Return the files of modules: those of crmpi, and those beside a file that is none of it."""
    beside = importer.parent
    stems = set()
    for name in names:
        first, *rest = name.split(".")
        if first == PACKAGE.name:
            if rest:
                stems.add(PACKAGE.joinpath(*rest))
        elif not beside.is_relative_to(PACKAGE):
            stems.add(beside.joinpath(*(part for part in (first, *rest) if part)))
    return {
        file
        for stem in stems
        for file in (stem.with_suffix(".py"), stem / "__init__.py")
        if file.is_file()
    }
