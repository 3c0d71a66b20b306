"""The disk cache of kernels: hits in a new process, keyed by source, never a reason to fail;
kernels cannot allocate."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import NumbaError

import crmpi
from crmpi.jit import cache, folders, kernel, sources
from tests.selection import in_full

ROOT = Path(crmpi.__file__).parents[1]

STEP = """
import numpy as np
from crmpi.jit import made
from tests.fluid_case import Case
case = Case((8, 1, 1), magnetic=False, cosmic_rays=False)
w = np.ones((5, 1, 1, 8))
case.start(w)
case.step(0.01)
print(sum(kernel.loaded for kernel in made), sum(not kernel.loaded for kernel in made))
"""

SMALL = """
import sys
import numpy as np
from crmpi.jit import cache_note, made
from tests.unit.test_fluid_riemann import powers
x, out = np.full(3, 8.0), np.empty(3)
powers(x, 4.0 / 3.0, out)
assert abs(out[1] / 16.0 - 1.0) < 1e-13
print("loaded" if made[0].loaded else "compiled", "noted" if cache_note() else "")
"""


def start(code, root=ROOT, **environment):
    """Start a Python process with these variables; None removes one."""
    env = dict(os.environ, NUMBA_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1") | {
        k: str(v) for k, v in environment.items()
    }
    env = {name: value for name, value in env.items() if environment.get(name, "") is not None}
    env["PYTHONPATH"] = os.pathsep.join([str(root), env.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=root,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """Wait for a process; return the words it printed."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.split()


@pytest.fixture(scope="module")
def small_cache(tmp_path_factory):
    """A function that copies a cache in which a process has just kept the kernel of `SMALL`."""
    original = tmp_path_factory.mktemp("cache")
    assert finish(start(SMALL, CRMPI_CACHE_DIR=original)) == ["compiled"]

    def copy(target):
        shutil.copytree(original, target, dirs_exist_ok=True)
        return target

    return copy


def test_second_process_compiles_nothing():
    folder = folders.cache_folder()
    if folder is None:
        pytest.skip("no writable cache folder on this machine")
    finish(start(STEP, CRMPI_CACHE_DIR=folder.parent))
    assert finish(start(STEP, CRMPI_CACHE_DIR=folder.parent)) == ["2", "0"]


WATCHED = """
import time
import numpy as np
from crmpi.jit import before_first_compilation, working_seconds
from tests.unit.test_fluid_riemann import powers
before_first_compilation.append(lambda: print("announced"))
start, working = time.perf_counter(), working_seconds()
powers(np.full(3, 8.0), 4.0 / 3.0, np.empty(3))
print("idle" if working_seconds() - working < 0.2 * (time.perf_counter() - start) else "busy")
"""


def test_compilation_is_announced_and_is_no_work_of_the_run(tmp_path):
    assert finish(start(WATCHED, CRMPI_CACHE_DIR=tmp_path)) == ["announced", "idle"]
    assert "announced" not in finish(start(WATCHED, CRMPI_CACHE_DIR=tmp_path))
    file = tmp_path / "file"
    file.write_text("not a folder")
    nowhere = {
        "CRMPI_CACHE_DIR": file,
        "HOME": file / "home",
        "XDG_CACHE_HOME": None,
        "TMPDIR": tmp_path,
    }
    # a folder that everybody may write to is not trusted, so nothing is kept and nothing of an
    # earlier test is found
    (tmp_path / f"crmpi-{os.getuid()}").mkdir()
    (tmp_path / f"crmpi-{os.getuid()}").chmod(0o777)
    for _ in range(2):
        assert finish(start(WATCHED, **nowhere)) == ["announced", "idle"]


def test_processes_that_start_together_compile_once(tmp_path):
    together = [start(SMALL, CRMPI_CACHE_DIR=tmp_path) for _ in range(3)]
    assert sorted(finish(process) for process in together) == [["compiled"], ["loaded"], ["loaded"]]


def test_without_writable_folder_kernels_still_run(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    nowhere = {
        "CRMPI_CACHE_DIR": file,
        "HOME": file / "home",
        "XDG_CACHE_HOME": None,
        "TMPDIR": tmp_path,
    }
    assert finish(start(SMALL, **nowhere)) == ["compiled", "noted"]
    # kept in the folder for temporary files
    assert finish(start(SMALL, **nowhere)) == ["loaded", "noted"]
    # open to others: what lies there is not to be trusted
    (tmp_path / f"crmpi-{os.getuid()}").chmod(0o777)
    assert finish(start(SMALL, **nowhere)) == ["compiled", "noted"]


def test_unwritable_home(tmp_path):
    home = tmp_path / "file"
    home.write_text("not a folder")
    assert finish(
        start(SMALL, CRMPI_CACHE_DIR=None, HOME=home, XDG_CACHE_HOME=None, TMPDIR=tmp_path)
    ) == ["compiled", "noted"]


def test_read_only_installation(tmp_path):
    """Kernels of a package in a folder without write permission, and the same source elsewhere: one
    cache serves both."""
    for name in ("crmpi", "tests"):
        shutil.copytree(
            ROOT / name, tmp_path / "site" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for path in (tmp_path / "site").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    finish(start(SMALL, root=tmp_path / "site", CRMPI_CACHE_DIR=tmp_path / "cache"))
    assert not list((tmp_path / "site").rglob("*.nbi"))
    for path in (tmp_path / "site").rglob("*"):
        path.chmod(0o755)
    assert finish(start(SMALL, CRMPI_CACHE_DIR=tmp_path / "cache")) == ["loaded"]


def test_two_caches(tmp_path, small_cache):
    """What the second folder has is loaded from there, and not written to the first."""
    both = f"{tmp_path / 'own'}{os.pathsep}{small_cache(tmp_path / 'site')}"
    assert finish(start(SMALL, CRMPI_CACHE_DIR=both)) == ["loaded"]
    assert not list((tmp_path / "own").rglob("*.nbi"))


def open_to_everybody(folder):
    folder.chmod(0o777)


def of_another_user(folder):
    if os.getuid() != 0:
        pytest.skip("only root can give folders away")
    os.chown(folder, 4711, 4711)


def test_kernels_of_a_folder_open_to_everybody_are_compiled_anew(tmp_path, small_cache):
    """To load a kernel is to run code: what others can write is not used, and that is said."""
    site, own = small_cache(tmp_path / "site"), tmp_path / "own"
    open_to_everybody(site)
    assert finish(start(SMALL, CRMPI_CACHE_DIR=f"{own}{os.pathsep}{site}")) == ["compiled", "noted"]
    assert list(own.rglob("*.nbi"))


@pytest.mark.parametrize("spoil", [open_to_everybody, of_another_user])
@pytest.mark.parametrize("depth", [0, 1, 2], ids=["cache", "build", "kernels of a file"])
def test_kernels_come_from_folders_of_the_user_or_root_only(tmp_path, monkeypatch, spoil, depth):
    site, own = tmp_path / "site", tmp_path / "own"
    monkeypatch.setenv("CRMPI_CACHE_DIR", f"{own}{os.pathsep}{site}")
    folders.cache_folders.cache_clear()
    try:
        locator = cache._SourceLocator(cache.keep, cache.__file__)
        places = [Path(place) for place in locator.places()]
        assert [place.parents[1] for place in places] == [own, site]
        places[1].mkdir(parents=True)
        spoil([site, places[1].parent, places[1]][depth])
        folders.cache_folders.cache_clear()
        assert locator.places() == [str(places[0])]
        said = (
            f"{site} belongs to another user or is writable by all users: its kernels are not used"
        )
        assert folders.cache_note() == (said if depth < 2 else "")
    finally:
        folders.cache_folders.cache_clear()


def test_a_kernel_file_of_another_user_is_a_miss(tmp_path):
    index = cache.SharedIndex(str(tmp_path), "kernel", "stamp")
    index.save("key", [5])
    assert index.load("key") == [5]
    (file,) = tmp_path.glob("*.nbc")
    of_another_user(file)
    assert index.load("key") is None


def test_which_folders():
    """The first writable one is written, all that were asked for are read, and a fallback is told
    in one sentence."""
    site, own, home, tmp = (Path(name) for name in ("/site", "/own", "/home", "/tmp"))

    def chosen(wanted, *writable):
        return folders.choose_folders(wanted, home, tmp, lambda root: root in writable)

    assert chosen([], home, tmp) == ((home,), home, "")
    assert chosen([site, own], own, home) == ((site, own), own, "")
    fallback = chosen([site], home, tmp)
    assert fallback[:2] == ((site, home), home)
    assert fallback.note.startswith(
        "CRMPI_CACHE_DIR=/site is not writable: newly compiled kernels are kept in /home; "
    )
    nowhere = chosen([site])
    assert nowhere[:2] == ((site,), None) and "no folder" in nowhere.note


def forget_sources():
    """Forget the files of the package, as a new process does."""
    for function in (sources.imports, sources._package_hash, sources._package_text):
        function.cache_clear()


def write_all(folder, files):
    for name, text in files.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def test_hash_follows_imports(tmp_path, monkeypatch):
    """An edit of a callee changes the hash of its callers, and of nobody else."""
    package = tmp_path / "crmpi"
    package.mkdir()
    files = {
        "caller": "from crmpi.callee import f\n",
        "callee": "import crmpi.deep.inner\nf = 1\n",
        "several": "from crmpi.deep import (  # two\n    other,\n    inner as center,\n)\n",
        "late": "def f():\n    import math, crmpi.deep.inner\n",
        "other": "import math\n# nothing of crmpi.deep.inner\n",
        "deep/__init__": "",
        "deep/inner": "x = 1\n",
    }
    write_all(package, files)
    monkeypatch.setattr(sources, "PACKAGE", package)

    def hashes():
        forget_sources()
        return {
            name: sources.source_hash(str(package / f"{name}.py"))
            for name in ("caller", "callee", "several", "late", "other")
        }

    before = hashes()
    assert len(set(before.values())) == len(before)
    (package / "deep/inner.py").write_text("x = 2\n")
    after = hashes()
    monkeypatch.undo()
    forget_sources()
    assert all(after[name] != before[name] for name in ("caller", "callee", "several", "late"))
    assert after["other"] == before["other"]


def test_hash_of_a_user_file_follows_the_modules_beside_it(tmp_path):
    """Also within one process, as in a notebook where a file is edited between two runs."""
    files = {
        "mine": "from crmpi.api import np\nimport helper\nfrom parts import sub\n",
        "helper": "import deeper\n",
        "deeper": "x = 1\n",
        "parts/__init__": "",
        "parts/sub": "y = 1\n",
        "unrelated": "z = 1\n",
    }
    write_all(tmp_path, files)
    seen = [sources.source_hash(tmp_path / "mine.py")]
    for name in ("mine", "helper", "deeper", "parts/__init__", "parts/sub"):
        path = tmp_path / f"{name}.py"
        path.write_text(path.read_text() + "# edited\n")
        seen.append(sources.source_hash(tmp_path / "mine.py"))
    assert len(set(seen)) == len(seen)
    (tmp_path / "unrelated.py").write_text("z = 2\n")
    assert sources.source_hash(tmp_path / "mine.py") == seen[-1]


def test_index_keeps_entries_of_other_processes(tmp_path):
    """Two writers with their own view of the same index: data files never share a name."""
    one, two = (cache.SharedIndex(str(tmp_path), "kernel", "stamp") for _ in range(2))
    one.save("first", b"code 1")
    two.save("second", b"code 2")
    assert one.load("first") == b"code 1" and one.load("second") == b"code 2"
    # a truncated file is a miss, not an error
    Path(tmp_path, one._load_index()["first"]).write_bytes(b"")
    assert one.load("first") is None


class Passing:
    """A class of an argument."""


def test_an_index_that_names_a_class_that_is_gone_is_empty(tmp_path, monkeypatch):
    index = cache.SharedIndex(str(tmp_path), "kernel", "stamp")
    index.save(Passing, b"code")
    assert index.load(Passing) == b"code"
    monkeypatch.delattr(sys.modules[__name__], "Passing")
    assert index.load("key") is None
    index.save("key", b"anew")
    assert index.load("key") == b"anew"


def flipped(data, place):
    """Return `data` with one bit flipped at a share `place` of its length."""
    at = min(int(place * len(data)), len(data) - 1)
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


DAMAGES = {
    "empty": lambda data: b"",
    "torn within the digest": lambda data: data[:20],
    "half": lambda data: data[: len(data) // 2],
    "last byte missing": lambda data: data[:-1],
    "longer": lambda data: data + b"x",
    "other content": lambda data: b"not a cache file",
    **{
        f"bit at {place}": lambda data, place=place: flipped(data, place)
        for place in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
    },
}


@pytest.mark.parametrize("pattern", ["kernel.nbi", "*.nbc"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_a_miss_and_is_written_anew(tmp_path, pattern, damage):
    index = cache.SharedIndex(str(tmp_path), "kernel", "stamp")
    index.save("key", list(range(1000)))
    (file,) = tmp_path.glob(pattern)
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert index.load("key") is None
    index.save("key", [5])
    assert index.load("key") == [5]


@pytest.mark.parametrize(
    "damage, pattern",
    [
        ("half", "*.nbi"),
        ("bit at 0.5", "*.nbc"),
        *in_full(
            ("empty", "*.nbi"), ("bit at 0.5", "*.nbi"), ("empty", "*.nbc"), ("half", "*.nbc")
        ),
    ],
)
def test_a_kernel_whose_file_is_damaged_is_compiled_anew(tmp_path, small_cache, pattern, damage):
    for file in small_cache(tmp_path).rglob(pattern):
        file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert finish(start(SMALL, CRMPI_CACHE_DIR=tmp_path)) == ["compiled"]
    assert finish(start(SMALL, CRMPI_CACHE_DIR=tmp_path)) == ["loaded"]


@kernel
def hoarder(n):
    """Allocate."""
    return np.zeros(n).sum()


def test_kernels_cannot_allocate():
    with pytest.raises(NumbaError):
        hoarder(3)
