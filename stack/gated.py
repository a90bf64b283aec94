"""`python -m stack.gated GATE IMPORTS MODULE ARGUMENT…`: import now, run when the gate opens.

Our own processes spend most of their start importing, and the servers they need spend most of theirs sleeping. So both begin
together, and a process touches no server before everything it needs is ready: then the supervisor makes the file GATE.
"""

import importlib
import runpy
import sys
import time
from pathlib import Path

LOOK_EVERY_SECONDS = 0.05


def main() -> None:
    gate, imports, module, *arguments = sys.argv[1:]
    for name in imports.split(","):
        importlib.import_module(name)
    while not Path(gate).exists():
        time.sleep(LOOK_EVERY_SECONDS)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
