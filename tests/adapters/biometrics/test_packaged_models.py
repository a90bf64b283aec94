"""Model files from packages, laid out for the engines."""

from pathlib import Path

import pytest

from adapters.biometrics import packaged_models
from adapters.biometrics.packaged_models import WHISPER_BYTES, ModelFilesMissing, prepare_face_weights, prepare_whisper_base
from adapters.biometrics.speech import prompt_avoiding
from adapters.biometrics.spoken_code import heard_digits, wrong_digits


def test_face_weights_lie_where_deepface_looks(tmp_path: Path) -> None:
    weights = prepare_face_weights(tmp_path)
    assert weights == tmp_path / ".deepface" / "weights"
    assert (weights / "dlib_face_recognition_resnet_model_v1.dat").stat().st_size == 22_466_066
    assert prepare_face_weights(tmp_path) == weights


def test_whisper_is_joined_once_and_mended_when_cut_short(tmp_path: Path) -> None:
    model = prepare_whisper_base(tmp_path) / "model.bin"
    assert model.stat().st_size == WHISPER_BYTES
    written = model.stat().st_mtime_ns
    prepare_whisper_base(tmp_path)
    assert model.stat().st_mtime_ns == written
    model.write_bytes(b"half")
    prepare_whisper_base(tmp_path)
    assert model.stat().st_size == WHISPER_BYTES
    assert {path.name for path in model.parent.iterdir()} == {"model.bin", "config.json", "tokenizer.json", "vocabulary.txt"}


def test_another_model_than_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged_models, "WHISPER_SHA256", "0" * 64)
    with pytest.raises(ModelFilesMissing):
        prepare_whisper_base(tmp_path)
    assert not (tmp_path / "whisper-base" / "model.bin").exists()


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged_models, "WHISPER_PACKAGES", ("no_such_package", "nor_this"))
    with pytest.raises(ModelFilesMissing, match="no_such_package"):
        prepare_whisper_base(tmp_path)


@pytest.mark.parametrize("code", ["3582", "3000", "0509", "4693", "9999", "0082", "1361"])
def test_an_echo_of_the_prompt_is_never_the_code(code: str) -> None:
    prompt = prompt_avoiding(code, "zh")
    assert prompt is not None
    assert wrong_digits(code, heard_digits(prompt)) == 4
