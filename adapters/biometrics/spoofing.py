"""Passive spoofing: whether single frames show a person or a picture of one. MiniFASNet's pair of networks, through DeepFace."""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adapters.biometrics import reasons
from adapters.biometrics.faces import Face
from adapters.biometrics.mesh import Box, Picture
from adapters.biometrics.policy import Policy, SpoofingPolicy
from domain.identity import CheckResult
from domain.text import Bilingual

# Apache-2.0; DeepFace fetches them itself where there is a network.
WEIGHTS = ("2.7_80x80_MiniFASNetV2", "4_0_0_80x80_MiniFASNetV1SE")
ENDINGS = {"onnx": ".onnx", "tensorflow": ".h5"}


def available(deepface_home: Path) -> bool:
    """Whether the weights lie where DeepFace looks, in the kind for the engine that it runs on."""
    ending = ENDINGS.get(os.environ.get("DEEPFACE_BACKEND_ENGINE", "onnx"))
    weights = deepface_home / ".deepface" / "weights"
    return ending is not None and all((weights / f"{name}{ending}").is_file() for name in WEIGHTS)


class SpoofingModels:
    """The two networks, loaded; none where their weights are absent: then every check says that it was not performed."""

    def __init__(self, deepface_home: Path) -> None:
        self._networks: Any = None
        if not available(deepface_home):
            return
        os.environ["DEEPFACE_HOME"] = str(deepface_home)
        os.environ.setdefault("DEEPFACE_LOG_LEVEL", "40")
        os.environ.setdefault("DEEPFACE_BACKEND_ENGINE", "onnx")
        # Imported here: it reads the variables above while it is imported.
        from deepface.modules import modeling

        self._networks = modeling.build_model(task="spoofing", model_name="Fasnet")

    @property
    def present(self) -> bool:
        return self._networks is not None

    def warm_up(self) -> None:
        """Run each network once on an empty picture."""
        if self.present:
            self.reality(np.zeros((160, 160, 3), np.uint8), Box(50, 50, 110, 110))

    def check(self, faces: Sequence[Face], policy: Policy) -> CheckResult:
        """`faces`: a clip's clearest."""
        if not self.present:
            return _not_performed()
        return judge_spoofing([self.reality(face.picture, face.seen.box) for face in faces], policy.spoofing)

    def reality(self, picture: Picture, box: Box) -> float:
        """How sure the networks are that the face in `box` is no picture of one, 0..1: below a half, at most so sure.

        Raises:
            RuntimeError: the weights are absent.
        """
        if not self.present:
            raise RuntimeError("The spoofing networks' weights are absent.")
        area = (round(box.left), round(box.top), max(1, round(box.width)), max(1, round(box.height)))
        real, score = self._networks.analyze(np.ascontiguousarray(picture[:, :, ::-1]), area)
        return float(score) if real else 1 - float(score)


def judge_spoofing(realities: Sequence[float], policy: SpoofingPolicy) -> CheckResult:
    """Their median decides: one moment in doubt refuses nobody, and two that look like a picture do."""
    if not realities:
        note = Bilingual(zh="视频中没有可供检测的人脸。", en="The clip shows no face to judge.")
        return CheckResult(name="spoofing", passed=False, threshold=policy.least_real, reason=reasons.NO_FACE, note=note)
    real = statistics.median(realities)
    each = ", ".join(f"{r:.2f}" for r in realities)
    note = Bilingual(
        zh=f"{len(realities)} 个画面为真人的可信度为 {each}，中位数 {real:.2f}，下限 {policy.least_real:.2f}。",
        en=f"{len(realities)} moments look {each} like a person, {real:.2f} in the middle; {policy.least_real:.2f} is needed.",
    )
    passed = real >= policy.least_real
    return CheckResult(name="spoofing", passed=passed, score=real, threshold=policy.least_real,
                       reason=None if passed else reasons.LOOKS_LIKE_A_PICTURE, note=note)  # fmt: skip


def _not_performed() -> CheckResult:
    note = Bilingual(zh="未进行：本机没有翻拍检测模型。", en="Not performed: the networks for it are not on this machine.")
    return CheckResult(name="spoofing", passed=None, note=note)
