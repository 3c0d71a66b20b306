"""The processor that kernels are compiled for."""

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
