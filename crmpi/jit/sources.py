"""Which source a kernel depends on: the text of its file and of every crmpi file it imports,
directly or not.

numba alone looks at the kernel's own file, and would run stale machine code after an edit of a
callee.
"""

import functools
import hashlib
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
_IMPORT = re.compile(
    (
        rb"^[ \t]*(?:from[ \t]+(crmpi[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^#\n]+)|import[ "
        rb"\t]+([^#\n]*))"
    ),
    re.MULTILINE,
)


@functools.cache
def source_hash(path):
    """Return a hash of the Python file `path` and of all crmpi files it imports, directly or
    not."""
    digest = hashlib.sha256()
    for file in sorted(_dependencies(Path(path).resolve())):
        digest.update(_text(file))
    return digest.hexdigest()[:16]


def _dependencies(path):
    """Return the set of `path` and the crmpi files reached from its import statements."""
    reached, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            waiting.extend(imports(file))
    return reached


@functools.cache
def _text(path):
    return path.read_bytes()


@functools.cache
def imports(path):
    """Return the crmpi files that the file `path` imports; every start looks, so it searches the
    text instead of parsing it."""
    names = set()
    for module, members, modules in _IMPORT.findall(_text(path)):
        names.update(re.findall(r"crmpi[\w.]*", modules.decode()))
        if module:
            names.add(module.decode())
            names.update(
                f"{module.decode()}.{name}"
                for name in re.findall(r"\w+", re.sub(r"#.*|\bas\s+\w+", "", members.decode()))
            )
    files = set()
    for name in names:
        parts = name.split(".")[1:]
        stem = PACKAGE.joinpath(*parts)
        files.update(
            file
            for file in (stem.with_suffix(".py"), stem / "__init__.py")
            if parts and file.is_file()
        )
    return frozenset(files)
