"""One SeaweedFS for the object store's tests."""

from collections.abc import Iterator

import pytest

from tests.adapters.objects.seaweed import Seaweed, start_seaweed


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    store = start_seaweed(tmp_path_factory.mktemp("seaweed"))
    yield store
    store.stop()
