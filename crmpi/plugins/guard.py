"""Mistakes in the methods of a plug-in become one sentence with file, line and method."""

import functools
import inspect

from crmpi.errors import CrmpiError, Interruption
from crmpi.plugins.mistakes import HookError, folder_of, is_own_call, sentence
from crmpi.plugins.modules import helpers_of


def guard(cls, hooks):
    """Wrap the methods `hooks` that a class defines itself: any exception in them ends the run with
    one sentence.

    Raises
    ------
    CrmpiError
        a method takes other arguments than that of the base class
    """
    for hook in hooks:
        function = vars(cls).get(hook)
        if inspect.isfunction(function):
            if hook != "__init__":
                _require_arguments(cls, hook, function)
            setattr(cls, hook, _guarded(cls, hook, function))


def _require_arguments(cls, hook, function):
    """Refuse a method that cannot be called like the one of its base class."""
    base = next((vars(other)[hook] for other in cls.__mro__[1:] if hook in vars(other)), None)
    if base is None:
        return
    wanted = list(inspect.signature(base).parameters)
    try:
        inspect.signature(function).bind(*wanted)
    except TypeError:
        given = ", ".join(inspect.signature(function).parameters)
        raise CrmpiError(
            f"{cls.__name__}.{hook}({given}) takes other arguments than it is called with; write "
            f"{hook}({', '.join(wanted)})"
        ) from None


def _guarded(cls, hook, function):
    @functools.wraps(function)
    def called(*arguments, **named):
        try:
            with helpers_of(folder_of(cls)):
                return function(*arguments, **named)
        except (CrmpiError, Interruption) as error:
            if type(error) is not CrmpiError or not is_own_call(cls, error):
                raise
            where = sentence(cls, hook, error, {})
            raise HookError(where, everywhere=error.everywhere) from error
        except (Exception, SystemExit) as error:
            subjects = _subjects(function, arguments, named)
            raise HookError(sentence(cls, hook, error, subjects)) from error

    return called


def _subjects(function, arguments, named):
    """Return {name: object} of what a method was given, for messages."""
    try:
        subjects = dict(inspect.signature(function).bind_partial(*arguments, **named).arguments)
    except TypeError:
        return {}
    own = vars(subjects.get("self", type(None))) if "self" in subjects else {}
    return subjects | {f"self.{name}": value for name, value in own.items()}
