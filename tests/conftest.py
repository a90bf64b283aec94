"""Fixtures that many rooms share."""

from collections.abc import Iterator

import pytest

from adapters.biometrics import ClipVerifier
from settings import PROJECT, Settings
from tests.running import run_stack


@pytest.fixture(scope="session")
def infrastructure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """PostgreSQL, Temporal, SeaweedFS and the simulators, real, empty and shared by the session; about 4 s, once.

    The database has no tables yet: migrate it, or take `running_stack`. Processes that shall use it get
    `tests.running.environment(settings.home, settings.onetrip_port)`.
    """
    parts = ["postgres", "temporal", "seaweedfs"]
    if (PROJECT / "simulators" / "__main__.py").exists():
        parts.append("simulators")
    yield from run_stack(tmp_path_factory.mktemp("infrastructure") / "home", parts)


@pytest.fixture(scope="session")
def running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Everything that `onetrip up` starts, demo people included, shared by the session."""
    yield from run_stack(tmp_path_factory.mktemp("stack") / "home")


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClipVerifier]:
    """The real identity check; its models are loaded by the first clip, once for the session, in some seconds."""
    verifier = ClipVerifier(tmp_path_factory.mktemp("deepface"), "Dlib", 0.58, "packaged", threads=2)
    yield verifier
    verifier.close()
