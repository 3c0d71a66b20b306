"""Standard streams whose failure does not end a run, and the log of a run."""

import io
import os

STDOUT, STDERR = 1, 2
"""Descriptors of standard output and of standard error."""


class ResilientStream(io.TextIOBase):
    """A text stream that discards its text once its reader is gone or its disk is full.

    Parameters
    ----------
    stream : text file or None
        None: standard output was closed before the program started
    """

    def __init__(self, stream):
        super().__init__()
        self._stream = stream

    def write(self, text):
        """Write what the encoding of the stream can hold, and the rest as escape sequences."""
        plain = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        self._try(lambda stream: stream.write(plain))
        return len(text)

    def flush(self):
        """Hand over what is written."""
        self._try(lambda stream: stream.flush())

    def isatty(self):
        """Return whether a terminal shows it."""
        return self._stream is not None and self._stream.isatty()

    def fileno(self):
        """Return the descriptor, for programs started from here."""
        if self._stream is None:
            raise io.UnsupportedOperation("the stream is closed")
        return self._stream.fileno()

    @property
    def encoding(self):
        """Encoding of the stream below."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def _try(self, action):
        if self._stream is None:
            return
        try:
            action(self._stream)
        except (OSError, ValueError):
            discard(self._stream)
            self._stream = None


def open_descriptors():
    """Open standard descriptors that are closed on the null device, or a data file would get
    one."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free


def discard(stream):
    """Redirect a stream that fails to the null device: its buffer must not fail at the exit."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def is_redirected_to(path, descriptor):
    """Return whether `path` is the file to which the stream of a descriptor is redirected."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False  # there is no such file, or the stream is closed


def is_standard_stream(path):
    """Return whether `path` is the file to which standard output or errors are redirected."""
    return is_redirected_to(path, STDOUT) or is_redirected_to(path, STDERR)


class Log:
    """The file `log.txt` of a run; a disk that refuses ends the log, not the run.

    Lines from before it has a place wait for it.
    """

    def __init__(self):
        self._waiting = []
        self._file = None

    def open(self, path):
        """Append to the file `path` from now on, unless it gets what the run says anyway: progress
        goes to standard error."""
        if is_redirected_to(path, STDERR):
            self._waiting = None
            return
        try:
            # results that are redirected there must not overwrite lines: both share one position
            place = os.dup(STDOUT) if is_redirected_to(path, STDOUT) else path
            self._file = open(place, "a", encoding="utf-8", buffering=1)  # noqa: SIM115
        except OSError:
            self._file = None
        waiting, self._waiting = self._waiting, None
        for line in waiting or ():
            self.write(line)

    def write(self, line):
        """Append a line."""
        if self._waiting is not None:
            self._waiting.append(line)
        elif self._file is not None:
            try:
                self._file.write(f"{line}\n")
            except OSError:
                self._file = None

    def drop(self):
        """Keep nothing: there will be no file."""
        self._waiting = None

    def close(self):
        """Close the file."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            except OSError:
                return
