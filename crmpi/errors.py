"""The error a user sees."""


class CrmpiError(Exception):
    """A fault that the user can remedy: one clear sentence that names the cause and what to do, shown without a traceback."""
