"""The processor that kernels are compiled for."""

import functools
import platform

import llvmlite.binding as llvm
from numba.core import config

from crmpi.precision import LANES

# versions of LLVM known to have the option below; one that does not know it ends the process
_ASKED = range(20, 23)


@functools.cache
def use_half_registers():
    """Let vector loops end on half a cache line, 32 bytes: a register of AVX2, or, with AVX-512,
    half a register; return whether they do.

    LLVM leaves what does not fill a register of 64 bytes to a scalar loop, unless it is told to
    vectorise that one too. This is told here, once, before anything is compiled; it changes the
    code of a process, not its answers.
    """
    if config.CPU_FEATURES is None:
        found = llvm.get_host_cpu_features()
    else:
        found = {name[1:]: name[0] == "+" for name in config.CPU_FEATURES.split(",") if name}
    if not found.get("avx512f", False):
        return found.get("avx2", False)
    if llvm.llvm_version_info[0] not in _ASKED:
        return False
    llvm.set_option("crmpi", f"-epilogue-vectorization-force-VF={LANES // 2}")
    return True


def has_fused():
    """Return whether the processor of this machine multiplies and adds in one operation
    (`crmpi.numerics.fused`): all but x86 processors from before 2013 do."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return True
    return bool(llvm.get_host_cpu_features().get("fma", False))
