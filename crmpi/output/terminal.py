"""What a stream shows: a terminal that can move its cursor, colours, or plain text."""

import os

_COLOURS = {"red": 31, "green": 32, "yellow": 33}


def is_live(stream):
    """Return whether a line of the stream can be written again: it is a terminal, and no dumb
    one."""
    return bool(stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb")


def has_colours(stream):
    """Return whether the stream shows colours: a terminal, unless NO_COLOR is set to anything
    (no-color.org)."""
    return is_live(stream) and not os.environ.get("NO_COLOR")


def painted(text, colour, stream):
    """Return a text in a colour where the stream shows colours, and as it is elsewhere."""
    return f"\033[{_COLOURS[colour]}m{text}\033[0m" if has_colours(stream) else text
