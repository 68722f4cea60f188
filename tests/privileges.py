"""Root may read and write everything: tests of what others may not do need a process that is not root."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

# Of capset(2): its version, and what lets root pass by the rights of files: DAC_OVERRIDE, DAC_READ_SEARCH.
_VERSION, _BYPASSES = 0x20080522, 0b110


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))


@contextmanager
def without_privileges() -> Iterator[None]:
    """Let this thread, and those that it starts, be refused what the rights of a file refuse to its owner.

    None of them may outlast the block: it would never get back what is taken here.
    """
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root may write everywhere")
    libc, header, sets = ctypes.CDLL(None), _Header(_VERSION, 0), (_Sets * 2)()
    assert libc.capget(ctypes.byref(header), sets) == 0
    before = sets[0].effective
    sets[0].effective = before & ~_BYPASSES
    assert libc.capset(ctypes.byref(header), sets) == 0
    threads = set(threading.enumerate())
    try:
        yield
    finally:
        sets[0].effective = before
        assert libc.capset(ctypes.byref(header), sets) == 0
    assert set(threading.enumerate()) <= threads
