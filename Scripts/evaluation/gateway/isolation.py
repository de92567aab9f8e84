"""A child process in a network namespace of its own, where every port is free and nothing can be reached but itself."""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
import traceback

from workbench import Failure

# From <linux/sched.h>, <linux/prctl.h>, <linux/sockios.h> and <net/if.h>.
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_PDEATHSIG = 1
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def end_with_parent():
    """Lets the kernel kill this process when its parent ends, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def isolated(function, *arguments):
    """Calls a function in such a process and returns what it gives, which must be JSON.

    As many files as the system lets a process have may be open in it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            os.close(reading)
            status = answer(writing, function, arguments)
        os._exit(status)
    os.close(writing)
    try:
        with open(reading, "rb") as pipe:
            text = pipe.read()
        _, status = os.waitpid(child, 0)
    except BaseException:
        # The child ends what it started before it ends.
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise
    if status != 0 or not text:
        raise Failure(json.loads(text)["failure"] if text else "a measurement ended without a result")
    return json.loads(text)["result"]


def answer(pipe, function, arguments):
    end_with_parent()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    try:
        enter_namespace()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        reply, status = {"result": function(*arguments)}, 0
    except Failure as failure:
        reply, status = {"failure": str(failure)}, 1
    except Exception:
        reply, status = {"failure": traceback.format_exc()}, 1
    with open(pipe, "w", encoding="utf-8") as out:
        json.dump(reply, out)
    return status


def enter_namespace():
    flags = CLONE_NEWNET | (0 if os.geteuid() == 0 else CLONE_NEWUSER)
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(flags) != 0:
        raise Failure(f"no network namespace can be made here: {os.strerror(ctypes.get_errno())}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
