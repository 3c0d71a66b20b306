"""From functions to machine code: one unit per kernel, with everything it calls, optimised once.

By itself numba optimises every function and makes it machine code before it links it into each of
its callers, where both happen again: a row kernel four calls below its entry is made five times.
Here a function that compiled code calls is a *part*: LLVM code without wrappers for Python, which
becomes machine code only inside a *whole*, the kernel that Python calls. This halves the time of a
first start and changes no result: the arithmetic is IEEE either way.

This file and `crmpi.jit.cache` use private names of numba. Where one is gone, kernels are compiled
by `crmpi.jit.plain`, which uses none.
"""

import functools
import gc
import time
from contextlib import contextmanager

from numba.core import errors, types
from numba.core.base import BaseContext
from numba.core.caching import NullCache
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.environment import lookup_environment
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering

from crmpi.jit.kinds import class_of
from crmpi.jit.record import announce_compilation, note_kernel
from crmpi.precision import SINGLE, single

# how the names of numba's environments begin, a variable for each function
_ENVIRONMENT = "_ZN08NumbaEnv"
_NO_CFUNC = {"nopython": True, "no_cfunc_wrapper": True}

# private methods that are called only while a kernel is compiled: their absence is found here
for _owner, _name in (
    (BaseContext, "insert_user_function"),
    (JITCPUCodegen, "_function_pass_manager"),
    (JITCPUCodegen, "set_env"),
    (JITCodeLibrary, "_optimize_functions"),
    (JITCodeLibrary, "enable_object_caching"),
):
    getattr(_owner, _name)


class Compiled(CPUDispatcher):
    """A function compiled as a whole when Python calls it, and as a part of others when compiled
    code does.

    Parameters
    ----------
    function : callable
    options : dict
        of numba
    """

    def __init__(self, function, options):
        super().__init__(function, targetoptions=options | _NO_CFUNC, pipeline_class=_WholeCompiler)
        self._part = _Part(function, options)

    if SINGLE:

        def __call__(self, *arguments):
            """Call the function with numbers rounded to the precision of the process."""
            return super().__call__(*map(single, arguments))

    def get_call_template(self, args, kws):
        """Type a call from compiled code."""
        return self._part.get_call_template(args, kws)

    def get_overload(self, sig):
        """Return what compiled code calls."""
        return self._part.get_overload(sig)

    def compile(self, sig):
        """Compile or load the function for these types, as numba does, and note it in `made`."""
        compiled_before = sum(self._cache_misses.values())
        start = time.perf_counter()
        if isinstance(self._cache, NullCache):
            announce_compilation()
        with _without_garbage_collection():
            entry = super().compile(sig)
        loaded = sum(self._cache_misses.values()) == compiled_before
        note_kernel(self.py_func, start, loaded=loaded)
        return entry


class Choice:
    """Calls the device function registered for the type of its first argument; see
    `crmpi.jit.choice`."""

    is_compiling = False  # for numba: a choice is nothing that could call itself

    def __init__(self, stub, device):
        functools.update_wrapper(self, stub)
        self._device = device
        self.options = {}
        # what numba asks a dispatcher is answered by that of the option
        self._numba_type_ = types.Dispatcher(self)

    def __call__(self, marker, *args):
        return self.options[type(marker)](marker, *args)

    def option(self, marker_class):
        """Return a decorator that registers a function for the marker type."""

        def register(function):
            self.options[marker_class] = self._device(function)
            return function

        return register

    def get_call_template(self, args, kws):
        """Type a call from compiled code."""
        return self._chosen(args).get_call_template(args, kws)

    def get_overload(self, args):
        """Return what compiled code calls."""
        return self._chosen(args).get_overload(args)

    def _chosen(self, args):
        marker = args[0] if args else None
        function = self.options.get(class_of(marker))
        if function is None:
            raise errors.TypingError(f"{self.__name__} has no option for {marker}")
        return function


class _Part(CPUDispatcher):
    """Compiles a function for calls from compiled code; it has no entry for Python."""

    def __init__(self, function, options):
        super().__init__(
            function,
            targetoptions=options | _NO_CFUNC | {"no_cpython_wrapper": True},
            pipeline_class=_PartCompiler,
        )

    def add_overload(self, cres):
        self.overloads[tuple(cres.signature.args)] = cres


class _Library(JITCodeLibrary):
    """LLVM code of a function. One manager runs the passes over single functions, which numba makes
    anew for each of them."""

    def _optimize_functions(self, ll_module):
        ll_module.data_layout = self._codegen._data_layout
        manager, builder = self._codegen._function_pass_manager()
        for function in ll_module.functions:
            if not function.is_declaration:
                manager.run(function, builder)


class _PartLibrary(_Library):
    """Stays as it is: neither linked with what it calls, nor optimised as a module, nor made
    machine code."""

    def finalize(self):
        self._finalized = True


class _WholeLibrary(_Library):
    """Takes in all parts that its function reaches and makes machine code of the result."""

    def finalize(self):
        self._linking_libraries = _callers_first(self._linking_libraries)
        super().finalize()
        for variable in self._final_module.global_variables:
            environment = (
                lookup_environment(variable.name)
                if variable.name.startswith(_ENVIRONMENT)
                else None
            )
            if environment is not None:
                self._codegen.set_env(variable.name, environment)


def _callers_first(libraries):
    """Return `libraries` and all parts they reach; the linker takes a function only if one already
    there calls it."""
    finished = {}

    def visit(library):
        if library not in finished:
            if isinstance(library, _PartLibrary):
                for callee in library._linking_libraries:
                    visit(callee)
            finished[library] = None

    for library in libraries:
        visit(library)
    return list(reversed(finished))


class _Callee:
    """Stands for the compiled part where numba wants a function."""


@register_pass(mutates_CFG=False, analysis_only=False)
class _OfferPart(LoweringPass):
    """Make a part known to the functions that call it; numba does so only for machine code."""

    _name = "crmpi_offer_part"

    def __init__(self):
        super().__init__()

    def run_pass(self, state):
        callee, lowered = _Callee(), state["cr"]
        state.targetctx.insert_user_function(callee, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=callee)
        return True


class _PartCompiler(CompilerBase):
    """numba's passes up to LLVM code."""

    def define_pipelines(self):
        state = self.state
        state.flags.no_compile = True
        state.library = _PartLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        passes = DefaultPassBuilder.define_nopython_pipeline(state)
        passes.add_pass_after(_OfferPart, NativeLowering)
        passes.finalize()
        return [passes]


class _WholeCompiler(CompilerBase):
    """numba's passes, with the library that takes in parts."""

    def define_pipelines(self):
        state = self.state
        state.library = _WholeLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return [DefaultPassBuilder.define_nopython_pipeline(state)]


@contextmanager
def _without_garbage_collection():
    """Suspend Python's collector: the compiler makes millions of objects that stay, and searching
    them takes a fifth of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
