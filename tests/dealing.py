"""How `make test` deals the tests out to processes: file by file, and all that stands on the whole stack to one of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import pytest
from _pytest.nodeid import coerce_node_id  # pytest has no public way to name a test anew
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# These share one `running_stack`, which is minutes of waiting and the better part of the memory: one process starts it.
WHOLE_STACK = ("tests/e2e", "tests/docs", "tests/stack/test_whole_stack.py", "tests/resilience/test_identity_worker.py")


def stands_on_the_whole_stack(node_id: str) -> bool:
    file = PurePosixPath(node_id.partition("::")[0])
    return any(file.is_relative_to(place) for place in WHOLE_STACK)


def tell_apart(items: Iterable[pytest.Item]) -> None:
    """Schemathesis gives its tests of all operations one id, and of tests with one id only one would be dealt out: add the operation."""
    items = list(items)
    tests_with = Counter(item.nodeid for item in items)
    for item in items:
        if tests_with[item.nodeid] > 1:
            item._id = coerce_node_id(f"{item.nodeid.rpartition('::')[0]}::{item.name}")


class Dealing(LoadScopeScheduling):  # type: ignore[misc]  # the package has no types
    """A unit is a file, so that what a module sets up is set up once; in the order of collection."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        """Raises:
        RuntimeError: two tests have one id, so that one of them would not run.
        """
        if twice := [node_id for node_id, tests in Counter(collection).items() if tests > 1]:
            raise RuntimeError(f"These ids are those of several tests: {twice}")
        super().add_node_collection(node, collection)

    def _split_scope(self, nodeid: str) -> str:
        return "whole stack" if stands_on_the_whole_stack(nodeid) else nodeid.partition("::")[0]
