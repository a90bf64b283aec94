"""How `make test` deals the tests out to processes: file by file, and all that stands on the whole stack to one of them."""

from pathlib import PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# These share one `running_stack`, which is minutes of waiting and the better part of the memory: one process starts it.
WHOLE_STACK = ("tests/e2e", "tests/docs", "tests/stack/test_whole_stack.py", "tests/resilience/test_identity_worker.py")


def stands_on_the_whole_stack(node_id: str) -> bool:
    file = PurePosixPath(node_id.partition("::")[0])
    return any(file.is_relative_to(place) for place in WHOLE_STACK)


class Dealing(LoadScopeScheduling):  # type: ignore[misc]  # the package has no types
    """A unit is a file, so that what a module sets up is set up once; in the order of collection."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return "whole stack" if stands_on_the_whole_stack(nodeid) else nodeid.partition("::")[0]
