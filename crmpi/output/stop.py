"""The file STOP in the folder of a run."""


class StopFile:
    """The file by which a user asks a run to stop.

    Parameters
    ----------
    path : Path
    say : callable
        takes one line of text for the user
    """

    def __init__(self, path, say):
        self.path, self._say, self._said = path, say, False

    def take(self):
        """Return whether the file is there, and remove it: it has been heard. What is in the way is
        said once; the run goes on."""
        try:
            found = self.path.exists()
        except OSError as error:
            self._tell(f"cannot look for {self.path}: {error.strerror}; the run goes on")
            return False
        if found:
            try:
                self.path.unlink()
            except FileNotFoundError:
                return True
            except OSError as error:
                self._tell(
                    f"{self.path} cannot be removed ({error.strerror}): it would stop the next "
                    "start, too"
                )
        return found

    def _tell(self, sentence):
        if not self._said:
            self._said = True
            self._say(f"warning: {sentence}")
