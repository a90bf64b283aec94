"""The questions one by one, each put to the real models on the data folder, beside the whole check: as tables and curves."""

import os
from collections.abc import Sequence
from pathlib import Path

from bench.identity.checking import FACE_MODEL, SPEECH_MODEL
from bench.identity.faces import Measured, measure_clips_of_people, measure_faces, measure_quality, measure_spoofing
from bench.identity.making import folder_of_models
from bench.identity.plots import draw_det, draw_scores
from bench.identity.report import Part


def measure_pictures(data: Path, home: Path) -> list[tuple[str, Measured]]:
    """Everything that single pictures answer. `home`: the prepared folder of models. Runs in a process of its own."""
    # Before the engines are imported: they read these once.
    for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(variable, "1")
    from adapters.biometrics.faces import FaceComparer
    from adapters.biometrics.mesh import FaceMesh
    from adapters.biometrics.policy import packaged_policy
    from adapters.biometrics.spoofing import SpoofingModels

    policy, mesh, spoofing = packaged_policy(), FaceMesh(folder_of_models()), SpoofingModels(home)
    comparer = FaceComparer(home, FACE_MODEL, policy, mesh)
    talking, faces = data / "talking", data / "faces"
    measured = [
        ("Same person", measure_faces(faces, comparer, policy.face[FACE_MODEL])),
        ("People in real clips", measure_clips_of_people(talking, faces, mesh, comparer, policy)),
        ("Quality", measure_quality(talking, mesh, policy)),
    ]
    if spoofing.present:
        measured.insert(2, ("Passive spoofing", measure_spoofing(data / "spoof", talking, faces, mesh, spoofing, policy)))
    return measured


def measure_sounds(data: Path, home: Path, strings: int) -> list[tuple[str, Measured]]:
    """Codes, right and wrong: `strings` of them for each language, group of speakers and noise. Runs in a process of its own."""
    from adapters.biometrics.policy import packaged_policy
    from adapters.biometrics.speech import CodeListener
    from bench.identity.codes import measure_codes

    listener = CodeListener(home, SPEECH_MODEL, threads=1)
    listener.warm_up()
    return [("The code", measure_codes(data / "digits", listener, packaged_policy().code, strings))]


def as_parts(measured: Sequence[tuple[str, Measured]], out: Path | None) -> list[Part]:
    """With drawings beside the report, where there is one. Remarks stay out of it: they name single people's pictures."""
    parts = []
    for title, found in measured:
        part = Part(title, rates=found.rates)
        if out:
            for scores in found.scores:
                name = scores.what.replace(" ", "-")
                sign = -1 if scores.small_is_wanted else 1
                curve = {scores.what: ([sign * s for s in scores.wanted], [sign * s for s in scores.unwanted])}
                draw_det(out / f"det-{name}.svg", scores.what, curve, ("others accepted", "the person refused"))
                label = "distance" if scores.small_is_wanted else "score"
                names = ("the person", "others")
                draw_scores(out / f"scores-{name}.svg", scores.what, scores.wanted, scores.unwanted, scores.threshold, label, names)
                part.drawings += [(f"DET curve: {scores.what}", f"det-{name}.svg"), (f"Scores: {scores.what}", f"scores-{name}.svg")]
        parts.append(part)
    return parts
