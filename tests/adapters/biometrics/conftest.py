"""One verifier for the session: loading the models takes seconds."""

from collections.abc import Iterator

import pytest

from adapters.biometrics import ClipVerifier


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClipVerifier]:
    verifier = ClipVerifier(tmp_path_factory.mktemp("deepface"), "Dlib", 0.58, "packaged", threads=2)
    yield verifier
    verifier.close()
