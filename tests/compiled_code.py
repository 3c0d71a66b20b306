"""The optimised LLVM code of kernels, function by function; the disk cache keeps it beside the
machine code."""

import importlib
import re
from typing import NamedTuple

from crmpi.jit import made


class Code(NamedTuple):
    """What the LLVM code of one function holds."""

    loops: int  # vectorised loops
    # those that choose between a vector and a scalar loop when they run, for LLVM cannot tell
    # whether arrays overlap
    checked: int
    halves: int  # those that are followed by one with half as many numbers at a time
    packed: int  # instructions with vectors of doubles
    scalar: int  # arithmetic with single doubles


def kernels_made():
    """Return the kernels that this process has compiled or loaded, each once."""
    names = dict.fromkeys(kernel.name for kernel in made)
    found = [
        getattr(importlib.import_module(module), function)
        for module, _, function in (name.rpartition(".") for name in names)
    ]
    # a test may have replaced one
    return [kernel for kernel in found if hasattr(kernel, "overloads")]


def not_for_tubes(kernel):
    """Yield the specialisations of a kernel but for those on cells of a tube."""
    for signature, compiled in kernel.overloads.items():
        if "Tube(" not in str(signature):
            yield compiled


def functions(kernels):
    """Return {'module.function': [Code of every specialisation]} of kernels and all that they
    contain as functions of their own, but for what is compiled for tubes."""
    found = {}
    for kernel in kernels:
        for compiled in not_for_tubes(kernel):
            text = str(compiled.library._get_module_for_linking())
            for body in re.split(r"\n(?=define )", text)[1:]:
                name = function_name(body.split("\n", 1)[0])
                if name:
                    found.setdefault(name, []).append(read(body))
    return found


def read(body):
    """Return the `Code` of a function."""

    def count(pattern):
        return len(re.findall(pattern, body, re.MULTILINE))

    return Code(
        count(r"^vector\.body[\w.]*:"),
        count(r"^vector\.memcheck[\w.]*:"),
        count(r"^vec\.epilog\.vector\.body[\w.]*:"),
        count(r"<\d+ x double>"),
        count(r"\bf(?:add|sub|mul|div) double"),
    )


def optional_arguments(kernels):
    """Return {'module.function'} of all that kernels contain as functions of their own with an
    argument that numba has typed as "a value or None": whether it is there is asked when they
    run."""
    found = set()
    for kernel in kernels:
        for compiled in kernel.overloads.values():
            text = str(compiled.library._get_module_for_linking())
            for definition in re.findall(r"^define .*OptionalType.*", text, re.MULTILINE):
                found.add(function_name(definition))
    return found - {""}


def function_name(definition):
    """Return 'module.function' from the mangled name in a definition, '' for wrappers and for
    functions of numba."""
    mangled = re.search(r'@"?_ZN(\w+)', definition)
    rest, parts = mangled.group(1) if mangled else "", []
    while length := re.match(r"\d+", rest):
        end = length.end() + int(length.group())
        parts.append(rest[length.end() : end])
        rest = rest[end:]
    return ".".join(parts[-2:]) if parts[:1] == ["crmpi"] else ""


SPILLED = r"mov[au]p[sd]\s+%[yz]mm\d+, -?\d*\(%r[sb]p\)"
SPILLED_ASKEW = SPILLED.replace("[au]", "u")
"""AVX registers put on the stack; those for which it is not known to begin on a whole one."""

ARITHMETIC = r"add|sub|mul|div|sqrt|max|min|fn?m\w+"
FUSED = r"fn?m\w+"


def packed_machine_code(kernels, instructions=ARITHMETIC):
    """Return {'module.function': largest number of these instructions on whole AVX registers of
    doubles in a specialisation}."""
    return _counted(kernels, rf"\sv(?:{instructions})pd\s[^\n]*%[yz]mm")


def spills(kernels, pattern=SPILLED):
    """Return {'module.function': largest number of `SPILLED` AVX registers in a
    specialisation}."""
    return _counted(kernels, rf"\sv{pattern}")


def _counted(kernels, pattern):
    """Return {'module.function': largest number of matches in the machine code of a
    specialisation}."""
    found = {}
    for kernel in kernels:
        for compiled in not_for_tubes(kernel):
            library = compiled.library
            text = library.codegen._tm.emit_assembly(library._get_module_for_linking())
            for body in re.split(r'\n(?="?_ZN\w+[^\n]*:)', text)[1:]:
                name = function_name("@" + body.split("\n", 1)[0])
                found[name] = max(found.get(name, 0), len(re.findall(pattern, body)))
    return found
