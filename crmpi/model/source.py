"""The source of a problem: what a checkpoint keeps of it, and from where a restart may take its
code.

Code is taken only from where the user points: the command line, the folder of the run, an installed
package. A path that stands in a checkpoint is compared with these, and never followed by itself.
"""

import ast
import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple

import yaml

from crmpi.errors import CrmpiError
from crmpi.model.files import problem_folders
from crmpi.plugins.discovery import active_files, installed_versions


class ProblemSource(NamedTuple):
    """Source of a problem.

    name : name of the problem
    path : absolute path of its file
    installed : whether it comes with crmpi or another installed package; its path is then of no
        importance
    files : name relative to the folder to text, of the file and of the modules beside it that it
        imports
    plugins : 'folder/file.py' to text of the plug-in files in use, name to version of the installed
        packages of plug-ins
    """

    name: str
    path: str
    installed: bool
    files: dict
    plugins: dict = {}  # never changed

    @property
    def texts(self):
        """All files by name, those of plug-ins with their folder."""
        return self.files | {f"plug-in {name}": text for name, text in self.plugins.items()}

    @property
    def digest(self):
        """SHA-256 of names and texts of all files."""
        return hashlib.sha256(json.dumps(self.texts, sort_keys=True).encode()).hexdigest()

    def to_json(self):
        """Return the text for a checkpoint."""
        return json.dumps(self._asdict() | {"digest": self.digest})

    @classmethod
    def from_json(cls, text):
        """Return the source kept in a checkpoint, or None: the problem was not in a file."""
        stored = json.loads(text)
        if stored is None:
            return None
        return cls(**{name: stored[name] for name in cls._fields if name in stored})


def source_of(problem_class):
    """Return the `ProblemSource` of a class, or None if it does not come from a problem file."""
    path = problem_class.source_path
    if path is None:
        return None
    try:
        installed = _installed(problem_class)
        return ProblemSource(
            problem_class.name, str(path), installed, source_files(path), _plugins()
        )
    except (OSError, UnicodeDecodeError) as error:
        raise CrmpiError(f"cannot read the problem file '{path}': {error}") from None


def _plugins():
    """Return {name: text or version} of the plug-ins in use."""
    files = {f"{file.parent.name}/{file.name}": file.read_text("utf-8") for file in active_files()}
    return files | installed_versions()


def lasting_name(problem_class):
    """Return a ``problem.name`` that means this problem in every folder: the name of an installed
    one, or the path of its file."""
    path = problem_class.source_path
    return None if path is None else problem_class.name if _installed(problem_class) else str(path)


def _installed(problem_class):
    folder = problem_folders().get(problem_class.name)
    return folder is not None and (folder / "problem.py").resolve() == problem_class.source_path


def source_files(path):
    """Return {relative name: text} of a Python file and of the modules in its folder that it
    imports, directly or not."""
    folder, waiting, texts = path.parent, [path], {}
    while waiting:
        file = waiting.pop()
        name = file.relative_to(folder).as_posix()
        if name not in texts:
            texts[name] = file.read_text(encoding="utf-8")
            waiting += [found for word in _imported(texts[name]) for found in _beside(folder, word)]
    return texts


def _imported(text):
    """Return the dotted names that a Python text imports, those of possible submodules included."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # the problem itself does without this module
        return []
    words = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            words += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            words += [
                node.module or "",
                *(
                    f"{node.module}.{alias.name}" if node.module else alias.name
                    for alias in node.names
                ),
            ]
    return words


def _beside(folder, word):
    """Return the files of the module `word` in `folder`, its packages included."""
    parts = [part for part in word.split(".") if part]
    places = [folder.joinpath(*parts[:n]) for n in range(1, len(parts) + 1)]
    candidates = [
        file
        for place in places
        for file in (place.with_name(f"{place.name}.py"), place / "__init__.py")
    ]
    return [file for file in candidates if file.is_file()]


def problem_of_restart(checkpoint, source, folder):
    """Return the path of the problem file that a restart goes on with when the command line names
    none.

    Parameters
    ----------
    checkpoint : path
        for messages
    source : ProblemSource or None
        as the verified checkpoint keeps it
    folder : path or None
        folder of the run

    Raises
    ------
    CrmpiError
        the file is not found, or not where code may be taken from
    """
    remedy = "name the problem file with problem=PATH"
    if source is None:
        raise CrmpiError(f"{checkpoint} does not say which problem it belongs to; {remedy}")
    if source.installed:
        installed = problem_folders().get(source.name)
        if installed is None:
            raise CrmpiError(
                f"the problem '{source.name}' of {checkpoint} is not installed here; {remedy}"
            )
        return (installed / "problem.py").resolve()
    named = None if folder is None else _named_by_run(Path(folder))
    if named != source.path:
        where = _why_not_named(folder, "it")
        raise CrmpiError(
            f"{checkpoint} comes from the problem file {source.path}, but {where}; {remedy}"
        )
    path = Path(source.path)
    _require_trusted(f"the problem file {path} of {checkpoint}", path, path.is_file(), remedy)
    return path


def _why_not_named(folder, what):
    """Return why a run in a folder (None: elsewhere) does not vouch for the code that its
    checkpoint names."""
    if folder is None:
        return "it lies outside of the folder of its run"
    return f"{Path(folder) / 'resolved.yaml'} does not name {what}"


def _require_trusted(what, path, there, remedy):
    """Raise CrmpiError unless code is `there` and belongs to the user or to root."""
    if not there:
        raise CrmpiError(f"{what} is not there any more; {remedy}")
    if path.stat().st_uid not in (os.getuid(), 0):
        raise CrmpiError(f"{what} belongs to another user; if you trust it, {remedy}")


def plugins_of_restart(checkpoint, paths, folder):
    """Return the paths of plug-ins that a restart uses when the command line names none.

    Parameters
    ----------
    checkpoint : path
        for messages
    paths : list of str
        as the verified checkpoint has them
    folder : path or None
        folder of the run

    Raises
    ------
    CrmpiError
        one is not there, or not where code may be taken from
    """
    remedy = "say where they are with plugins=[...]"
    named = [] if folder is None else _resolved(Path(folder), "plugins", "paths")
    if paths and paths != named:
        where = _why_not_named(folder, "them")
        raise CrmpiError(
            f"{checkpoint} comes from a run with the plug-ins {', '.join(paths)}, but {where}; "
            f"{remedy}"
        )
    for path in map(Path, paths):
        _require_trusted(f"the plug-in {path} of {checkpoint}", path, path.exists(), remedy)
    return paths


def require_plugins(checkpoint, source):
    """Raise CrmpiError unless the plug-ins that a checkpoint was written with are in use."""
    now = {Path(file).name for file in active_files()} | set(installed_versions())
    stored = source.plugins if source is not None else {}
    missing = [name for name in stored if Path(name).name not in now]
    if missing:
        raise CrmpiError(
            f"{checkpoint} comes from a run with the plug-in {missing[0]}, which is not in use; "
            "name it with plugins=[...], or install its package"
        )


def _named_by_run(folder):
    """Return the problem file that `resolved.yaml` in the folder of a run names, or None."""
    name = _resolved(folder, "problem", "name")
    return None if name is None else str(name)


def _resolved(folder, group, key):
    """Return a value of `resolved.yaml` in the folder of a run, or None."""
    try:
        given = yaml.load(
            (folder / "resolved.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
        )
        return given[group][key]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, LookupError, TypeError):
        return None


def difference(checkpoint, stored, now):
    """Return a sentence on how the source `now` differs from the one that a checkpoint keeps, '' if
    it does not."""
    if stored is None or now is None or stored.digest == now.digest:
        return ""
    before, after = stored.texts, now.texts
    names = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
    verb = "has" if len(names) == 1 else "have"
    where = Path(now.path).parent
    return (
        f"{', '.join(names)} in {where} {verb} changed since {checkpoint} was written: the "
        "run goes on with the problem as it is now"
    )
