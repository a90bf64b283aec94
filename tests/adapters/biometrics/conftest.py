"""One verifier for the session: loading the models takes seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.biometrics import ClipVerifier
from adapters.biometrics.mesh import FaceMesh
from adapters.biometrics.packaged_models import mesh_folder
from settings import PROJECT

MESHES = mesh_folder(PROJECT / "node_modules")


def new_verifier(home: Path, *, spoofing_required: bool = False) -> ClipVerifier:
    return ClipVerifier(home, MESHES, "Dlib", "packaged", spoofing_required=spoofing_required)


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClipVerifier]:
    verifier = new_verifier(tmp_path_factory.mktemp("deepface"))
    yield verifier
    verifier.close()


@pytest.fixture(scope="session")
def mesh() -> FaceMesh:
    return FaceMesh(MESHES)
