"""The machine, the versions and the compiler settings that a measurement belongs to."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numba

from crmpi import __version__
from crmpi.output.provenance import git_state


def describe():
    """Return {name: text} of what the speed depends on."""
    from llvmlite import binding

    return {
        "cpu": _cpu_model(),
        # NUMBA_CPU_NAME has kernels compiled for another processor than this one
        "cpu_target": numba.config.CPU_NAME or binding.get_host_cpu_name(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numba": numba.__version__,
        "numpy": version("numpy"),
        "llvm": ".".join(map(str, binding.llvm_version_info)),
        "crmpi": __version__,
        "git": git_state(),
        "compiler_flags": "numba opt=3, no fastmath, boundscheck off, SVML off",
        "date": time.strftime("%Y-%m-%d"),
    }


def _cpu_model():
    """Return the name of the processor as the system has it."""
    table = Path("/proc/cpuinfo")
    if table.exists():
        for line in table.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
