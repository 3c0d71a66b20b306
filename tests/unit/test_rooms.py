"""The house rules of docs/architecture.md: who may import whom, and how long things may be."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "crmpi"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "builtin_problems" not in path.parts)
NAMES = [str(path.relative_to(PACKAGE)) for path in FILES]
TREES = {path: ast.parse(path.read_text(), str(path)) for path in FILES}

MAX_FILE, MAX_FUNCTION, MAX_KERNEL, MAX_ARGUMENTS = 460, 72, 84, 10


def levels():
    """Return {room: level} as the table of the architecture page has it."""
    rows = re.findall(
        r"^\| L(\d) \| ([^|]*) \|",
        (ROOT / "docs" / "architecture.md").read_text(),
        flags=re.MULTILINE,
    )
    return {
        name.removesuffix("/").removesuffix(".py"): int(level)
        for level, names in rows
        for name in re.findall(r"`([^`]+)`", names)
    }


def room_of(path):
    """Return the room of a file: the folder or the module right below crmpi."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Return (module, line) of all absolute imports of a file, those inside functions too."""
    found = []
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [
                (
                    f"{node.module}.{alias.name}" if node.module == "crmpi" else node.module,
                    node.lineno,
                )
                for alias in node.names
            ]
    return found


def room_imports(path):
    """Return (room, line) of the imports from crmpi; names of the package itself, such as its
    version, have no room."""
    rooms = [
        (module.split(".")[1], line)
        for module, line in imports(path)
        if module.startswith("crmpi.")
    ]
    return [
        (room, line)
        for room, line in rooms
        if (PACKAGE / room).is_dir() or (PACKAGE / f"{room}.py").exists()
    ]


def test_only_doors_stand_at_the_top():
    doors = {"api", "constants", "errors", "precision", "simulation", "types", "units", "yt"}
    loose = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert loose == doors


def test_every_room_has_a_level():
    rooms = {room_of(path) for path in FILES} - {"__init__", "__main__"}
    assert rooms - set(levels()) == set(), (
        "give these rooms a row in docs/architecture.md, section 1"
    )


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_go_down(path):
    level = levels()
    here = room_of(path)
    up = [
        f"line {line}: {room} (L{level[room]})"
        for room, line in room_imports(path)
        if here in level and level[room] > level[here]
    ]
    assert not up, f"{here} is L{level[here]} and must not import {', '.join(up)}"


def test_rooms_of_a_level_do_not_import_each_other_in_circles():
    below = {}
    for path in FILES:
        below.setdefault(room_of(path), set()).update(room for room, _ in room_imports(path))
    reachable = {room: set(others) - {room} for room, others in below.items()}
    for _ in reachable:
        for others in reachable.values():
            others.update(*(reachable.get(other, set()) for other in list(others)))
    assert [room for room, others in reachable.items() if room in others] == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_only_parallel_imports_mpi4py(path):
    if room_of(path) != "parallel":
        assert not [line for module, line in imports(path) if module.split(".")[0] == "mpi4py"]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_things_are_short(path):
    lines = len(path.read_text().splitlines())
    assert lines <= MAX_FILE, f"{lines} lines"
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef):
            limit = MAX_KERNEL if decorators(node) & {"kernel", "device"} else MAX_FUNCTION
            assert code_lines(node) <= limit, f"{node.name}: {code_lines(node)} lines"
            arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            count = len([a for a in arguments if a.arg not in ("self", "cls")])
            device = "device" in decorators(node)  # scalars by value, inlined: bundles would cost
            assert device or count <= MAX_ARGUMENTS, f"{node.name}: {count} arguments"


def decorators(node):
    """Return the names of the decorators of a function."""
    plain = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return {d.id for d in plain if isinstance(d, ast.Name)}


def code_lines(node):
    """Return the length of a function without its docstring."""
    first = node.body[0]
    has_docstring = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    docstring = first.end_lineno - first.lineno + 1 if has_docstring else 0
    return node.end_lineno - node.lineno + 1 - docstring
