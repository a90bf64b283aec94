"""The identity check: one clip against one portrait and what was asked, as named checks with reasons, judged by the fusion policy."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args

from adapters.biometrics.policy import Policy, packaged_policy
from adapters.biometrics.reasons import in_way
from domain.identity import Asked, CheckName, CheckResult, Examined, Handing, IdentityVerdict, Prints
from domain.text import Bilingual

if TYPE_CHECKING:  # heavy: loaded by warm_up
    from adapters.biometrics.clip import Clip, UnusableClip
    from adapters.biometrics.faces import Embedding, Face, FaceComparer
    from adapters.biometrics.mesh import FaceMesh, FaceTrack
    from adapters.biometrics.speech import CodeListener
    from adapters.biometrics.spoofing import SpoofingModels

_T = TypeVar("_T")


class SpoofingModelsMissing(RuntimeError):
    """The office requires the passive spoofing check, and its models are absent."""


@dataclass(frozen=True)
class _Models:
    mesh: "FaceMesh"
    faces: "FaceComparer"
    spoofing: "SpoofingModels"
    listener: "CodeListener"


@dataclass(frozen=True)
class _Seen:
    """What the pictures answer. `jpegs`: of the moments that were compared."""

    checks: list[CheckResult]
    jpegs: list[bytes]


class ClipVerifier:
    """`domain.ports.IdentityVerifier` on this machine's processors; keeps models loaded and nothing of any clip."""

    def __init__(
        self, deepface_home: Path, mesh_folder: Path, face_model: str, speech_model: str, *,
        spoofing_required: bool = False, policy: Policy | None = None, threads: int = 2,
    ) -> None:  # fmt: skip
        """Cheap; `warm_up` or the first clip loads the models.

        `face_model`: a name of DeepFace's. `mesh_folder`: where facemesh.json and blazeface.json are. `threads`: how many stages run at
        once; pictures and sound overlap from 2 on, and each engine itself uses one thread. A clip for every two threads is looked at; the
        others wait, which serves all of them sooner than sharing does.
        """
        self._deepface_home, self._mesh_folder = deepface_home, mesh_folder
        self._face_model, self._speech_model = face_model, speech_model
        self._spoofing_required = spoofing_required
        self._policy = policy or packaged_policy()
        # A limit set after an engine is imported has no effect, so it is set before.
        for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(variable, "1")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        self._pool = ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="identity")
        self._turn = asyncio.Semaphore(max(1, threads // 2))
        self._models: _Models | None = None
        self._loading = threading.Lock()
        self._faces_in_use = threading.Lock()  # dlib's networks are not thread-safe

    async def warm_up(self) -> None:
        """Load the models and run each once.

        Raises:
            ModelFilesMissing: a package that ships a model is absent or damaged.
            SpoofingModelsMissing: they are required.
        """
        await self._in_pool(self._load)

    def close(self) -> None:
        """Stop after the clip in hand; later calls of `verify` raise RuntimeError."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def verify(self, clip: bytes, portrait: bytes, asked: Asked, handing: Handing, earlier: Sequence[Prints]) -> Examined:
        """See the port."""
        models = await self._in_pool(self._load)
        async with self._turn:
            return await self._examine(models, clip, portrait, asked, handing, earlier)

    async def _examine(
        self, models: _Models, clip: bytes, portrait: bytes, asked: Asked, handing: Handing, earlier: Sequence[Prints]
    ) -> Examined:
        # After the models, whose thread has imported it: it takes a part of a second that the event loop shall not lose.
        from adapters.biometrics.clip import UnusableClip, open_clip

        watch = _Stopwatch()
        reference = self._in_pool(lambda: self._embed_portrait(models, watch, portrait))
        try:
            with watch.stage("decode"):
                opened = await self._in_pool(lambda: open_clip(clip))
        except UnusableClip as unusable:
            reference.cancel()
            return Examined(self._verdict(models, watch, asked, [_unusable(unusable)], 0.0, 0), [], None)
        seen, (prints, heard) = await asyncio.gather(
            self._look(models, watch, opened, asked, reference),
            self._in_pool(lambda: self._listen(models, watch, opened, clip, asked, handing, earlier)),
        )
        checks = [CheckResult(name="clip", passed=True), *seen.checks, *heard]
        verdict = self._verdict(models, watch, asked, checks, opened.seconds, len(seen.jpegs))
        return Examined(verdict, seen.jpegs, prints)

    async def _look(
        self, models: _Models, watch: "_Stopwatch", clip: "Clip", asked: Asked, reference: "asyncio.Future[Embedding | None]"
    ) -> _Seen:
        """Everything that the pictures answer."""
        from adapters.biometrics.faces import clearest
        from adapters.biometrics.quality import check_quality

        with watch.stage("follow_face"):
            track = await self._in_pool(lambda: models.mesh.follow(clip.frames, clip.times))

        def choose() -> tuple[CheckResult, "list[Face]"]:
            with watch.stage("quality"):
                return check_quality(clip, track, self._policy), clearest(clip, track)

        quality, faces = await self._in_pool(choose)
        known = await reference

        def compare() -> tuple[CheckResult, CheckResult]:
            with self._faces_in_use, watch.stage("compare_faces"):
                return models.faces.compare(faces, known, track.people)

        compared, judged = await asyncio.gather(
            self._in_pool(compare), self._in_pool(lambda: self._judge(models, watch, clip, track, faces, asked))
        )
        return _Seen([quality, *judged, *compared], [face.jpeg for face in faces])

    def _judge(
        self, models: _Models, watch: "_Stopwatch", clip: "Clip", track: "FaceTrack", faces: "Sequence[Face]", asked: Asked
    ) -> list[CheckResult]:
        """What the course of the pictures answers, and the passive look at single ones."""
        from adapters.biometrics.lips import check_lips
        from adapters.biometrics.movement import check_movement

        checks: list[CheckResult] = []
        if self._policy.asks(asked.way, "movement"):
            with watch.stage("movement"):
                checks.append(check_movement(track, asked.movements, self._policy, asked.way))
        if self._policy.asks(asked.way, "lips"):
            with watch.stage("lips"):
                checks.append(check_lips(track, clip.sound, self._policy))
        with watch.stage("spoofing"):
            checks.append(models.spoofing.check(faces, self._policy))
        return checks

    def _embed_portrait(self, models: _Models, watch: "_Stopwatch", portrait: bytes) -> "Embedding | None":
        with self._faces_in_use, watch.stage("portrait"):
            return models.faces.embed_portrait(portrait)

    def _listen(
        self, models: _Models, watch: "_Stopwatch", clip: "Clip", data: bytes, asked: Asked, handing: Handing, earlier: Sequence[Prints]
    ) -> tuple[Prints, list[CheckResult]]:
        """What the clip is known by, and everything that its sound and its times answer."""
        from adapters.biometrics.fresh import check_fresh, make_prints

        checks: list[CheckResult] = []
        if self._policy.asks(asked.way, "code"):
            with watch.stage("listen"):
                checks.append(models.listener.check(clip.sound, asked.code, asked.language, self._policy.code))
        with watch.stage("fresh"):
            prints = make_prints(clip, data)
            checks.append(check_fresh(prints, earlier, clip.tracks, handing, self._policy))
        return prints, checks

    def _verdict(
        self, models: _Models, watch: "_Stopwatch", asked: Asked, answered: list[CheckResult], seconds: float, compared: int
    ) -> IdentityVerdict:
        by_name = {check.name: check for check in answered}
        checks = [_told(by_name.get(name) or CheckResult(name=name, passed=None), asked) for name in get_args(CheckName)]
        return IdentityVerdict(
            passed=self._policy.passes(asked.way, checks), checks=checks, clip_seconds=round(seconds, 2), frames_compared=compared,
            face_model=self._face_model, speech_model=models.listener.name, milliseconds=watch.milliseconds,
            way=asked.way, policy=self._policy.version,
        )  # fmt: skip

    def _load(self) -> _Models:
        with self._loading:
            if self._models is None:
                self._models = self._loaded()
            return self._models

    def _loaded(self) -> _Models:
        import cv2

        from adapters.biometrics.faces import FaceComparer
        from adapters.biometrics.mesh import FaceMesh
        from adapters.biometrics.spoofing import SpoofingModels

        cv2.setNumThreads(1)  # its pictures are small here: two threads take half as much again, for nothing
        spoofing = SpoofingModels(self._deepface_home)
        if self._spoofing_required and not spoofing.present:
            raise SpoofingModelsMissing(
                f"The models that tell a person from a picture are not in {self._deepface_home / '.deepface' / 'weights'}. Put them there "
                "(docs/operating.md says which), or set SPOOFING_REQUIRED=false to go without: every verdict then says so."
            )
        with ThreadPoolExecutor(1, thread_name_prefix="identity-loading") as beside:
            listening = beside.submit(self._load_listener)
            mesh = FaceMesh(self._mesh_folder)
            mesh.warm_up()
            faces = FaceComparer(self._deepface_home, self._face_model, self._policy, mesh)
            faces.warm_up()
            spoofing.warm_up()
            return _Models(mesh, faces, spoofing, listening.result())

    def _load_listener(self) -> "CodeListener":
        from adapters.biometrics.speech import CodeListener

        listener = CodeListener(self._deepface_home, self._speech_model, threads=1)
        listener.warm_up()
        return listener

    def _in_pool(self, work: Callable[[], _T]) -> "asyncio.Future[_T]":
        return asyncio.get_running_loop().run_in_executor(self._pool, work)


def _told(check: CheckResult, asked: Asked) -> CheckResult:
    return check.model_copy(update={"reason": in_way(check.reason, asked.way)}) if check.reason else check


def _unusable(clip: "UnusableClip") -> CheckResult:
    note = Bilingual(zh=f"视频无法检查（{clip.name}）。", en=f"The clip could not be looked at ({clip.name}).")
    return CheckResult(name="clip", passed=False, reason=clip.reason, note=note, fault=clip.name)


class _Stopwatch:
    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.milliseconds[name] = round((time.perf_counter() - began) * 1000, 1)
