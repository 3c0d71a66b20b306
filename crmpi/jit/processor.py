"""The processor that kernels are compiled for."""

import platform

import llvmlite.binding as llvm
from numba.core import config


def has_half_registers():
    """Return whether its vector registers are half a cache line wide, 32 bytes: AVX2 without
    AVX-512."""
    if config.CPU_FEATURES is None:
        found = llvm.get_host_cpu_features()
        return found.get("avx2", False) and not found.get("avx512f", False)
    wanted = config.CPU_FEATURES.split(",")
    return "+avx2" in wanted and "+avx512f" not in wanted


def has_fused():
    """Return whether the processor of this machine multiplies and adds in one operation
    (`crmpi.numerics.fused`): all but x86 processors from before 2013 do."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return True
    return bool(llvm.get_host_cpu_features().get("fma", False))
