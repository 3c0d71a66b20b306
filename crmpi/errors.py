"""Errors that a user can cause and cure: one clear sentence each, shown without a traceback."""

from collections.abc import Iterable


class CrmpiError(Exception):
    """A mistake in the input or in the environment; the message is one sentence that names the key
    and the remedy.

    Parameters
    ----------
    message : str
        what is wrong, with the offending value, and what to do
    everywhere : bool
        every rank raises this same error, so that each may leave by itself; otherwise the command
        line aborts all ranks
    """

    exit_code = 2

    def __init__(self, message: object, *, everywhere: bool = False) -> None:
        super().__init__(message)
        self.everywhere = everywhere


class RunError(CrmpiError):
    """A run that started and cannot go on: a state that is not finite, a time step that vanished, a
    full disk."""

    exit_code = 3


class ConfigError(CrmpiError):
    """All mistakes of a configuration at once, one sentence each in `messages`."""

    def __init__(self, messages: Iterable[str], *, everywhere: bool = False) -> None:
        super().__init__(list(messages), everywhere=everywhere)
        self.messages = list(messages)

    def __str__(self):
        return "\n".join(self.messages)


class Interruption(Exception):  # noqa: N818 (it is not an error)
    """Control flow of the run that passes through operators, not a mistake in them."""
