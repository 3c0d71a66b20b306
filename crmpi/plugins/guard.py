"""Mistakes in the methods of a plug-in become one sentence with file, line and method."""

import functools
import inspect

from crmpi.errors import CrmpiError, Interruption
from crmpi.plugins.mistakes import HookError, folder_of, sentence
from crmpi.plugins.modules import helpers_of


def guard(cls, hooks):
    """Wrap the methods `hooks` that a class defines itself: any exception in them ends the run with
    one sentence."""
    for hook in hooks:
        function = vars(cls).get(hook)
        if inspect.isfunction(function):
            setattr(cls, hook, _guarded(cls, hook, function))


def _guarded(cls, hook, function):
    @functools.wraps(function)
    def called(*arguments, **named):
        try:
            with helpers_of(folder_of(cls)):
                return function(*arguments, **named)
        except (CrmpiError, Interruption):
            raise
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
