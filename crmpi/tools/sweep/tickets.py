"""Tickets: the numbers 0, 1, 2, ..., each given to one group of ranks that asks. Work is handed out
so without a foreman.

A ticket is a file that only one process can make. A counter inside of MPI would wait for its owner,
who is busy with a run of its own.
"""

import os
import secrets
import shutil
from pathlib import Path

from crmpi.output.files import clear_write_errors


class Tickets:
    """Numbers handed out in a folder that all ranks see; making and closing are collective.

    Parameters
    ----------
    folder : path
        the tickets are in a hidden folder there, of this launch alone
    comm : SerialComm or MpiComm
        all ranks
    """

    def __init__(self, folder, comm):
        self.comm, self.taken = comm, 0
        self.folder = Path(folder) / comm.bcast(f".tickets-{secrets.token_hex(4)}")
        with clear_write_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)

    def next(self):
        """Return the next number that is free."""
        while not self._take(self.taken):
            self.taken += 1
        return self.taken

    def _take(self, number):
        with clear_write_errors(self.folder):
            try:
                os.close(os.open(self.folder / str(number), os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return False
        return True

    def close(self):
        """Remove the tickets; all ranks are done."""
        self.comm.barrier()
        if self.comm.rank == 0:
            shutil.rmtree(self.folder, ignore_errors=True)
