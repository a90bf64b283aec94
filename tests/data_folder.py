"""Where measured material lies that is not ours to copy: faces, recordings, clips."""

import os
from pathlib import Path

import pytest

_CANDIDATE = Path(os.environ.get("ONETRIP_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")

SHARED_DATA: Path | None = _CANDIDATE if _CANDIDATE.is_dir() else None

needs_data = pytest.mark.skipif(SHARED_DATA is None, reason="no folder of test faces and recordings here; name one in ONETRIP_TEST_DATA")
