"""Curves of many cases together: DET curves and score histograms. Never a face, never one person's score by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

matplotlib.use("svg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

HONEST_COLOUR, ATTACK_COLOUR, LINE_COLOUR = "#2a6f97", "#c8553d", "#555555"
TICKS = (0.001, 0.01, 0.05, 0.2, 0.5)
BINS = 30


def draw_det(file: Path, title: str, scores: Mapping[str, tuple[Sequence[float], Sequence[float]]], axes: tuple[str, str]) -> None:
    """False accepts against false rejects, both on normal deviates (ISO/IEC 19795-1).

    `scores`: for each curve the scores of the genuine and of the others, higher meaning more genuine. `axes`: their names.
    """
    figure, plot = plt.subplots(figsize=(5, 4.6))
    for name, (genuine, others) in scores.items():
        accepted, refused = _errors(np.asarray(genuine, float), np.asarray(others, float))
        floor = 0.5 / max(len(genuine), len(others), 1)
        deviates = (norm.ppf(np.clip(rate, floor, 1 - floor)) for rate in (accepted, refused))
        plot.plot(*deviates, drawstyle="steps-post", label=f"{name} ({len(genuine)} / {len(others)})")
    for ticks, label in ((plot.set_xticks, plot.set_xlabel), (plot.set_yticks, plot.set_ylabel)):
        ticks(norm.ppf(TICKS), [f"{100 * tick:g} %" for tick in TICKS])
        label(axes[0] if label == plot.set_xlabel else axes[1])
    plot.set(title=title, xlim=norm.ppf((0.0005, 0.6)), ylim=norm.ppf((0.0005, 0.6)))
    plot.grid(alpha=0.3)
    plot.legend(fontsize=8)
    _save(figure, file)


def draw_scores(
    file: Path,
    title: str,
    honest: Sequence[float],
    attacks: Sequence[float],
    threshold: float | None,
    label: str,
    names: tuple[str, str] = ("honest", "attacks"),
) -> None:
    """Histograms of both, on shares of their own, and where the policy divides them."""
    figure, plot = plt.subplots(figsize=(6, 3.2))
    honest, attacks = ([score for score in scores if np.isfinite(score)] for scores in (honest, attacks))
    low, high = np.percentile([*honest, *attacks], [0.5, 99.5])
    bins = np.linspace(low - 0.02 * (high - low), high + 0.02 * (high - low) + 1e-6, BINS)
    for scores, colour, name in ((honest, HONEST_COLOUR, names[0]), (attacks, ATTACK_COLOUR, names[1])):
        if len(scores):
            shares = np.full(len(scores), 1 / len(scores))
            plot.hist(
                np.clip(scores, bins[0], bins[-1]), list(bins), weights=shares, color=colour, alpha=0.6, label=f"{name} ({len(scores)})"
            )
    if threshold is not None:
        plot.axvline(threshold, color=LINE_COLOUR, linestyle="--", linewidth=1, label=f"threshold {threshold:g}")
    plot.set(title=title, xlabel=label, ylabel="share")
    plot.legend(fontsize=8)
    _save(figure, file)


def _errors(genuine: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of others accepted and of genuine refused, at every threshold between the scores."""
    thresholds = np.unique(np.concatenate([genuine, others, [np.inf]]))
    accepted = 1 - np.searchsorted(np.sort(others), thresholds, side="left") / max(1, len(others))
    refused = np.searchsorted(np.sort(genuine), thresholds, side="left") / max(1, len(genuine))
    return accepted, refused


def _save(figure: Figure, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # The same drawing at every run, its words as words, so that a report's change shows what changed.
    with matplotlib.rc_context({"svg.hashsalt": "onetrip", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
