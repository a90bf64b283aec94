"""Ties a child's life to ours: the kernel signals it when we die, even by kill -9."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1

# Loaded once and before any fork: a forked child must not import.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def leash(death_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`. The signal comes when the *thread* that forked ends, so fork in the main thread.

    The setting is lost where the child changes its user (see `stack.postgres`, which lets setpriv set it again).
    Elsewhere than on Linux there is no such leash and nothing happens.
    """
    parent = os.getpid()

    def before_exec() -> None:
        if _libc is None:
            return
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        # The parent may have died between fork and prctl.
        if os.getppid() != parent:
            os.kill(os.getpid(), death_signal)

    return before_exec
