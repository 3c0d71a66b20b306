"""What makes a block file trustworthy: a checksum of every block of every array, and one digest of
all else that the file says.

The digest covers every attribute, every small data set, and names, types and shapes of all data
sets. So each number that a restart reads is covered by either, and nothing can be missing or added
without notice.
"""

import hashlib
import zlib

import h5py
import numpy as np

DIGEST = "digest"  # attribute
CHECKSUMS = ".crc32"  # NAME.crc32 (block) holds the checksums of NAME
UNREADABLE = (
    OSError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
    ArithmeticError,
    MemoryError,
    AttributeError,
)
"""What h5py says of a damaged file."""


def block_checksums(values, axis=0):
    """Return the CRC-32 of every block of an array whose blocks run along `axis`."""
    return np.array([_checksum(block) for block in np.moveaxis(values, axis, 0)], np.uint32)


def _checksum(block):
    """Return the CRC-32 of a block in C order, without a copy of all of it."""
    if block.flags.c_contiguous:
        return zlib.crc32(block)
    checksum = 0
    for part in block:
        checksum = zlib.crc32(np.ascontiguousarray(part), checksum)
    return checksum


def digest(attributes, common, arrays):
    """Return the digest of a file.

    Parameters
    ----------
    attributes, common : dict
        attributes and small data sets, name to value
    arrays : dict
        name to (dtype, shape) of the arrays over blocks, those of checksums included
    """
    parts = [f"@{name}={_canonical(value)}" for name, value in attributes.items() if name != DIGEST]
    parts += [f"/{name}={_canonical(value)}" for name, value in common.items()]
    parts += [
        f"#{name}={np.dtype(kind).str}{list(shape)}" for name, (kind, shape) in arrays.items()
    ]
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def _canonical(value):
    """Return a text that is the same for a value and for what h5py reads back of it."""
    value = np.asarray(value)
    if value.dtype.kind in "SUO":
        return repr(
            [word.decode() if isinstance(word, bytes) else str(word) for word in value.ravel()]
        )
    return f"{value.dtype.str}{list(value.shape)}{value.tobytes().hex()}"


def broken_seal(file):
    """Return what is wrong with an open block file, its arrays over blocks aside, or ''."""
    if DIGEST not in file.attrs:
        return "it has no digest"
    if not all(isinstance(item, h5py.Dataset) for item in file.values()):
        return "it holds more than was written"
    listed = [name for name in file if name.endswith(CHECKSUMS) or name + CHECKSUMS in file]
    arrays = {name: (file[name].dtype, file[name].shape) for name in listed}
    common = {name: file[name][()] for name in file if name not in arrays}
    if digest(dict(file.attrs), common, arrays) != file.attrs[DIGEST]:
        return "its attributes or its list of data sets are not those that were written"
    return ""


def damaged_block(file, name, axis):
    """Return the first block of the array `name`, whose blocks run along `axis`, that differs from
    its checksum, or None."""
    dataset, checksums = file[name], file[name + CHECKSUMS][:]
    for gid in range(len(checksums)):
        block = dataset[(slice(None),) * axis + (slice(gid, gid + 1),)]
        if block_checksums(block, axis)[0] != checksums[gid]:
            return gid
    return None
