"""How well faces are told apart, how often passive spoofing and the bounds of quality are right: counts, and scores for curves."""

import csv
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from adapters.biometrics.clip import HELD_FRAME_RATE, HELD_SIDE, Clip, Tracks
from adapters.biometrics.faces import MOMENTS_DECIDING, FaceComparer, clearest
from adapters.biometrics.mesh import FaceMesh, MeshSeen
from adapters.biometrics.policy import Policy
from adapters.biometrics.quality import check_quality
from adapters.biometrics.spoofing import SpoofingModels
from bench.identity.material import Picture, open_picture
from bench.identity.rates import Rate

Distances = NDArray[np.float64]

HALVINGS = 200


@dataclass(frozen=True)
class Scores:
    """For a DET curve. `wanted` should be let in, `unwanted` should not; `small_is_wanted`: distances, else likenesses."""

    what: str
    wanted: list[float]
    unwanted: list[float]
    threshold: float
    small_is_wanted: bool


@dataclass
class Measured:
    """`remarks`: single cases worth naming, for the report."""

    rates: list[Rate] = field(default_factory=list)
    scores: list[Scores] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Gallery:
    """Labelled photographs: who is on each, from which collection, and how far each pair is apart."""

    names: list[str]
    person: NDArray[np.int64]
    collection: NDArray[np.int64]
    labelled: NDArray[np.bool_]  # (n, n): the pair is in labels.csv
    apart: Distances  # (n, n); infinite where no face was found

    @property
    def same(self) -> NDArray[np.bool_]:
        return np.equal.outer(self.person, self.person)


def measure_faces(data: Path, comparer: FaceComparer, largest: float) -> Measured:
    """`data`: folder with labels.csv. Pictures without a face count as non-matches."""
    gallery = _open_gallery(data, comparer)
    measured = Measured()
    _one_image_a_side(gallery, largest, measured)
    _three_images(gallery, largest, measured)
    return measured


def _open_gallery(data: Path, comparer: FaceComparer) -> _Gallery:
    with (data / "labels.csv").open(encoding="utf-8") as labels:
        pairs = [(row["file1"], row["file2"], row["same"] == "1") for row in csv.DictReader(labels)]
    names = sorted({name for one, other, _ in pairs for name in (one, other)})
    place = {name: number for number, name in enumerate(names)}
    labelled = np.zeros((len(names), len(names)), np.bool_)
    person = np.arange(len(names))
    for one, other, same in pairs:
        labelled[place[one], place[other]] = labelled[place[other], place[one]] = True
        if same:
            person[person == person[place[other]]] = person[place[one]]
    folders = sorted({name.split("/")[0] for name in names})
    collection = np.array([folders.index(name.split("/")[0]) for name in names])
    embeddings = [comparer.embed_portrait((data / name).read_bytes()) for name in names]
    apart = np.full((len(names), len(names)), np.inf)
    for (i, one), (j, other) in itertools.combinations(enumerate(embeddings), 2):
        if one is not None and other is not None:
            apart[i, j] = apart[j, i] = comparer.distance(one, other)
    return _Gallery(names, person, collection, labelled, apart)


def _one_image_a_side(gallery: _Gallery, largest: float, measured: Measured) -> None:
    upper = np.triu(np.ones_like(gallery.labelled), 1).astype(np.bool_)
    genuine, impostor = gallery.same & upper, ~gallery.same & upper
    wanted, unwanted = gallery.apart[genuine & gallery.labelled], gallery.apart[impostor & gallery.labelled]
    others = gallery.apart[impostor & ~gallery.labelled]
    lost = int(np.isinf(gallery.apart).all(axis=1).sum())
    measured.rates += [
        Rate("faces, one image a side: false match", int((unwanted <= largest).sum()), len(unwanted), 0.0),
        Rate("faces, one image a side: false non-match", int((wanted > largest).sum()), len(wanted), 0.03),
        Rate("faces, one image a side: false match, pairs that nobody labelled", int((others <= largest).sum()), len(others)),
        Rate("faces: no face found", lost, len(gallery.names)),
    ]
    measured.rates += _on_other_people(gallery, genuine & gallery.labelled, impostor)
    measured.scores.append(Scores("one image a side", wanted.tolist(), unwanted.tolist(), largest, True))
    for what, pairs, sign in (("Farthest of one person", genuine, -1), ("Nearest of two people", impostor, 1)):
        first, second = np.nonzero(pairs & (gallery.labelled if sign < 0 else upper))
        order = np.argsort(sign * gallery.apart[first, second])[:12]
        measured.remarks += [
            f"{what}: {gallery.names[first[n]]} and {gallery.names[second[n]]}, {gallery.apart[first[n], second[n]]:.3f}" for n in order
        ]


def _on_other_people(gallery: _Gallery, genuine: NDArray[np.bool_], impostor: NDArray[np.bool_]) -> list[Rate]:
    """The threshold that lets no stranger pass among half of the people, tried on the other half: cases of all halvings together."""
    drawn = random.Random(5)  # noqa: S311 - the same halves at every run
    people = [sorted(set(gallery.person[gallery.collection == c].tolist())) for c in sorted(set(gallery.collection.tolist()))]
    counts = np.zeros(4, int)
    for _ in range(HALVINGS):
        half = [p for group in people for p in drawn.sample(group, len(group) // 2)]
        tuned = np.isin(gallery.person, half)
        mine, theirs = np.logical_and.outer(tuned, tuned), np.logical_and.outer(~tuned, ~tuned)
        threshold = np.nextafter(gallery.apart[impostor & mine].min(), 0)
        strangers, kin = gallery.apart[impostor & theirs], gallery.apart[genuine & theirs]
        counts += [int((strangers <= threshold).sum()), len(strangers), int((kin > threshold).sum()), len(kin)]
    halvings = f"threshold from half of the people, {HALVINGS} halvings"
    return [
        Rate(f"faces, one image a side, other people: false match ({halvings})", int(counts[0]), int(counts[1])),
        Rate(f"faces, one image a side, other people: false non-match ({halvings})", int(counts[2]), int(counts[3])),
    ]


def _three_images(gallery: _Gallery, largest: float, measured: Measured) -> None:
    """Every three different images of a person for the three moments of a clip, against every other image as the portrait."""
    wanted: list[Distances] = []
    strangers: dict[bool, list[Distances]] = {True: [], False: []}
    for person in sorted(set(gallery.person.tolist())):
        own = np.flatnonzero(gallery.person == person)
        for three in itertools.combinations(own.tolist(), 3):
            distances = np.sort(gallery.apart[list(three)], axis=0)[:MOMENTS_DECIDING].mean(axis=0)
            mine = gallery.person == person
            kin = mine & ~np.isin(np.arange(len(mine)), three)
            near = gallery.collection == gallery.collection[own[0]]
            wanted.append(distances[kin])
            strangers[True].append(distances[~mine & near])
            strangers[False].append(distances[~mine & ~near])
    kinsfolk, same_collection, others = np.concatenate(wanted), np.concatenate(strangers[True]), np.concatenate(strangers[False])
    measured.rates += [
        Rate("faces, three images against a portrait: false match", int((same_collection <= largest).sum()), len(same_collection), 0.0),
        Rate("faces, three images against a portrait: false non-match", int((kinsfolk > largest).sum()), len(kinsfolk), 0.01),
        Rate("faces, three images, portraits of other collections: false match", int((others <= largest).sum()), len(others)),
    ]
    measured.scores.append(Scores("three images against a portrait", kinsfolk.tolist(), same_collection.tolist(), largest, True))


def measure_clips_of_people(talking: Path, faces: Path, mesh: FaceMesh, comparer: FaceComparer, policy: Policy) -> Measured:
    """Real clips, of people nobody chose a threshold on: against each other's frames, and against all photographs of `faces`."""
    measured = Measured()
    portraits = [comparer.embed_portrait(path.read_bytes()) for path in sorted(faces.rglob("*.jpg"))]
    shown: list[list[list[float]]] = []
    alone = 0
    for _, clip in real_clips(talking):
        track = mesh.follow(clip.frames, clip.times)
        moments = clearest(clip, track)
        shown.append([comparer.embed(moment.chip) for moment in moments])
        alone += comparer.compare(moments, None, track.people)[1].passed is True
    largest, change = policy.face[comparer.model], policy.one_person[comparer.model]
    within = [comparer.distance(a, b) for moments in shown for a, b in itertools.combinations(moments, 2)]
    between = [comparer.distance(a, b) for one, other in itertools.combinations(shown, 2) for a in one for b in other]
    strange = [
        float(np.mean(sorted(comparer.distance(moment, portrait) for moment in moments)[:MOMENTS_DECIDING]))
        for moments in shown
        for portrait in portraits
        if portrait is not None
    ]
    measured.rates += [
        Rate("real clips: taken for more than one person", len(shown) - alone, len(shown), 0.05),
        Rate("real clips: somebody taking over not noticed, moment against moment", sum(d <= change for d in between), len(between), 0.02),
        Rate("real clips: false match with a photograph", sum(d <= largest for d in strange), len(strange), 0.0),
    ]
    measured.scores.append(Scores("one person throughout", within, between, change, True))
    return measured


def measure_spoofing(data: Path, talking: Path, faces: Path, mesh: FaceMesh, models: SpoofingModels, policy: Policy) -> Measured:
    """`data`: single photographs, named real_*, fake_* (photographed attacks), simscreen_* and simulated_* (made ones)."""
    least = policy.spoofing.least_real
    kinds = {"real": "real_*", "photographed fake": "fake_*", "simulated screen": "sim*screen*", "simulated paper": "simulated_paper*"}
    by_kind = {kind: [_reality(models, mesh, path) for path in sorted(data.glob(f"{glob}.jpg"))] for kind, glob in kinds.items()}
    clips = []
    for _, clip in real_clips(talking):
        moments = clearest(clip, mesh.follow(clip.frames, clip.times))
        clips.append(models.check(moments, policy).score or 0.0)
    photographs = [_reality(models, mesh, path) for path in sorted(faces.rglob("*.jpg"))]
    measured = Measured()
    measured.rates.append(Rate("spoofing: real photographs refused", sum(s < least for s in by_kind["real"]), len(by_kind["real"]), 0.05))
    measured.rates.append(Rate("spoofing: real clips refused", sum(s < least for s in clips), len(clips), 0.05))
    for kind, scores in by_kind.items():
        if kind != "real":
            measured.rates.append(Rate(f"spoofing: {kind} accepted", sum(s >= least for s in scores), len(scores), 0.02))
    refused = sum(score < least for score in photographs)
    measured.rates.append(
        Rate("spoofing: photographs from the web refused (neither an attack nor a phone's frame)", refused, len(photographs))
    )
    attacks = [score for kind, scores in by_kind.items() if kind != "real" for score in scores]
    measured.scores.append(Scores("passive spoofing", [*by_kind["real"], *clips], attacks, least, False))
    return measured


def _reality(models: SpoofingModels, mesh: FaceMesh, path: Path) -> float:
    picture = open_picture(path)
    seen = mesh.look(picture)
    return models.reality(picture, seen.box) if seen else 0.0


Spoil = Callable[[Picture, MeshSeen | None], Picture]


def measure_quality(talking: Path, mesh: FaceMesh, policy: Policy) -> Measured:
    """Real clips as they are, and spoiled in every way that the check names."""
    measured = Measured()
    spoils: dict[str, Spoil] = {
        "to 15 % of its light": lambda picture, _: _scaled(picture, 0.15),
        "over-exposed five times": lambda picture, _: _scaled(picture, 5.0),
        "half in deep shadow": _half_in_shadow,
        "blurred": lambda picture, seen: _blurred(picture, seen),
        "too far away": lambda picture, _: _farther(picture, 0.4),
        "too near": _too_near,
        "eyes covered": _eyes_covered,
    }
    clips = [(clip, mesh.follow(clip.frames, clip.times)) for _, clip in real_clips(talking)]
    refused = [check_quality(clip, track, policy).passed is not True for clip, track in clips]
    measured.rates.append(Rate("quality: real clips refused", sum(refused), len(refused), 0.05))
    for what, spoil in spoils.items():
        noticed = 0
        for clip, track in clips:
            frames = [spoil(frame, seen) for frame, seen in zip(clip.frames[::3], track.seen[::3], strict=True)]
            spoiled = Clip(frames, clip.times[::3], None, clip.seconds, clip.tracks)
            noticed += check_quality(spoiled, mesh.follow(spoiled.frames, spoiled.times), policy).passed is False
        measured.rates.append(Rate(f"quality: real clips {what} let through", len(clips) - noticed, len(clips)))
    return measured


def _scaled(picture: Picture, by: float) -> Picture:
    return np.asarray(np.clip(picture.astype(np.float32) * by, 0, 255), np.uint8)


def _half_in_shadow(picture: Picture, seen: MeshSeen | None) -> Picture:
    if seen is None:
        return picture
    across = (np.arange(picture.shape[1]) - seen.points[1, 0]) / (0.1 * seen.box.width)
    # The side that is darker already: to darken the other would make the light even.
    light = picture.mean(axis=2)[round(max(0, seen.box.top)) : round(seen.box.bottom)]
    nose = int(np.clip(seen.points[1, 0], 1, picture.shape[1] - 1))
    left, right = light[:, max(0, round(seen.box.left)) : nose].mean(), light[:, nose : round(seen.box.right)].mean()
    shade = 1 - 0.9 / (1 + np.exp(np.clip(across if left < right else -across, -30, 30)))
    return np.asarray(picture * shade[None, :, None], np.uint8)


def _blurred(picture: Picture, seen: MeshSeen | None) -> Picture:
    width = seen.box.width if seen else 100
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.04 * width), np.uint8)


def _farther(picture: Picture, by: float) -> Picture:
    height, width = picture.shape[:2]
    small = cv2.resize(picture, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
    canvas = np.full_like(picture, 110)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def _too_near(picture: Picture, seen: MeshSeen | None) -> Picture:
    """The lower quarter of the face is below the picture's rim."""
    if seen is None:
        return picture
    height, width = picture.shape[:2]
    bottom = int(seen.box.bottom - seen.box.height / 4)
    rows = round(seen.box.height)
    columns = round(rows * width / height)
    middle = round((seen.box.left + seen.box.right) / 2)
    left = int(np.clip(middle - columns // 2, 0, max(0, width - columns)))
    return np.asarray(cv2.resize(picture[max(0, bottom - rows) : bottom, left : left + columns], (width, height)), np.uint8)


def _eyes_covered(picture: Picture, seen: MeshSeen | None) -> Picture:
    if seen is None:
        return picture
    covered = picture.copy()
    for outer, inner in ((33, 133), (263, 362)):
        corners = seen.points[[outer, inner], :2]
        reach = float(np.linalg.norm(corners[0] - corners[1]))
        x, y = corners.mean(axis=0)
        cv2.ellipse(covered, (round(x), round(y)), (round(0.95 * reach), round(0.7 * reach)), 0, 0, 360, (20, 18, 18), -1)
    return covered


def real_clips(talking: Path) -> Iterator[tuple[str, Clip]]:
    """Clips of people talking, in whatever container, frames as `open_clip` keeps them, without sound."""
    for path in sorted([*talking.glob("*.mpg"), *talking.glob("*.mp4")]):
        frames: list[Picture] = []
        times: list[float] = []
        with av.open(str(path)) as container:
            for shown in container.decode(video=0):
                time = float(shown.time or 0.0)
                if times and time < times[-1] + 1 / HELD_FRAME_RATE - 0.008:
                    continue
                picture = shown.to_ndarray(format="rgb24")
                scale = min(1.0, HELD_SIDE / max(picture.shape[:2]))
                frames.append(np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8))
                times.append(time)
        yield path.stem, Clip(frames, times, None, times[-1] + 1 / HELD_FRAME_RATE, _tracks(times))


def _tracks(times: Sequence[float]) -> Tracks:
    return Tracks(times[-1], None, None, 0, "", None, HELD_FRAME_RATE, 1 / HELD_FRAME_RATE)
