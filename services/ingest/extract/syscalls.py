"""Takes from a process all system calls but those that reading what it holds already needs (seccomp, for ever).

Limits alone leave a child that was taken over able to signal its neighbours and, as root, to start processes. What is
not listed fails with `EPERM` rather than ending the child: libraries ask for much that they can do without.
"""

import ctypes
import errno
import platform

# linux/filter.h, linux/seccomp.h, linux/audit.h
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000 | errno.EPERM
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

_ALLOWED = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
        "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17, "readv": 19, "writev": 20,
        "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60, "gettimeofday": 96,
        "getrusage": 98, "sysinfo": 99, "times": 100, "sigaltstack": 131, "gettid": 186, "time": 201, "futex": 202,
        "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229,
        "clock_nanosleep": 230, "exit_group": 231, "newfstatat": 262, "getrandom": 318,
    },
    "aarch64": {
        "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "mmap": 222, "mprotect": 226, "munmap": 215,
        "brk": 214, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "pread64": 67, "readv": 65,
        "writev": 66, "sched_yield": 124, "mremap": 216, "madvise": 233, "nanosleep": 101, "getpid": 172, "exit": 93,
        "gettimeofday": 169, "getrusage": 165, "sysinfo": 179, "times": 153, "sigaltstack": 132, "gettid": 178,
        "futex": 98, "sched_getaffinity": 123, "restart_syscall": 128, "clock_gettime": 113, "clock_getres": 114,
        "clock_nanosleep": 115, "exit_group": 94, "newfstatat": 79, "getrandom": 278,
    },
}  # fmt: skip
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


_libc = ctypes.CDLL(None, use_errno=True)


def give_up_system_calls() -> bool:
    """Needs `PR_SET_NO_NEW_PRIVS`. False where the kernel has no seccomp or the processor is another: limits must do
    alone, and the service says so when it starts."""
    machine = platform.machine()
    if machine not in _ALLOWED:
        return False
    instructions = _instructions(_ARCHITECTURES[machine], sorted(_ALLOWED[machine].values()))
    filled = (_Instruction * len(instructions))(*(_Instruction(*fields) for fields in instructions))
    program = _Program(len(instructions), filled)
    return bool(_libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _instructions(architecture: int, allowed: list[int]) -> list[tuple[int, int, int, int]]:
    """Another architecture's numbers mean other calls: all of them fail. Jumps count what is left to the end."""
    checks = [(_JUMP_IF_EQUAL, len(allowed) - at, 0, number) for at, number in enumerate(allowed)]
    return [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _FAIL),
        (_LOAD, 0, 0, _NUMBER_AT),
        *checks,
        (_RETURN, 0, 0, _FAIL),
        (_RETURN, 0, 0, _ALLOW),
    ]
