"""Charts of the results of `accuracy.py`: accuracy against training texts, and against the seconds of a fit."""

import statistics
from pathlib import Path
from typing import Protocol

from matplotlib.figure import Figure

# By contestant: the color, and the marker.
_STYLES = {
    "skglove": ("#d1495b", "o"),
    "TF-IDF + LinearSVC": ("#30638e", "s"),
    "TF-IDF and mean vectors + LinearSVC": ("#00798c", "^"),
    "mean vectors + shrinkage LDA": ("#8d6a9f", "v"),
    "MiniLM + LogisticRegression": ("#edae49", "D"),
    "WordLlama + LogisticRegression": ("#7f7f7f", "P"),
    "fastText": ("#66a182", "X"),
    "TF-IDF + LogisticRegression": ("#9fb8cf", "<"),
    'skglove, architecture="stacked", trainable=False': ("#e8a0aa", "p"),
    "the tutorial's script, 2 epochs": ("#3d3d3d", "*"),
}
_DPI = 110


class Results(Protocol):
    """Results by data set, size and contestant."""

    def of(self, name: str, n_train: int) -> dict[str, list[dict]]:
        """Return the results on one set, by contestant."""

    def sets(self) -> list[tuple[str, int]]:
        """Return the names and sizes of the data sets with results."""

    def processors(self) -> list[str]:
        """Return the processors on which the results were measured."""


def draw(results: Results, folder: Path) -> list[Path]:
    """Draw both charts.

    Returns
    -------
    list of Path
        The files.
    """
    files = folder / "accuracy_by_examples.png", folder / "accuracy_by_seconds.png"
    for file, figure in zip(files, (_by_examples(results), _by_seconds(results)), strict=True):
        figure.savefig(file, dpi=_DPI, metadata={"Software": None})
    return list(files)


def _mean(some: list[dict], key: str) -> float:
    return statistics.mean(result[key] for result in some)


def _by_examples(results: Results) -> Figure:
    names = sorted({name for name, _ in results.sets()})
    n_rows = -(-len(names) // 3)
    figure = Figure(figsize=(11, 3.3 * n_rows), layout="constrained")
    grid = figure.subplots(n_rows, 3, squeeze=False)
    for axes, name in zip(grid.flat, names, strict=False):
        for contestant, (color, marker) in _STYLES.items():
            points = []
            for n_train in (n_train for other, n_train in results.sets() if other == name and n_train >= 0):
                if some := results.of(name, n_train).get(contestant):
                    points.append((some[0]["sizes"][0], _mean(some, "accuracy")))
            if len(points) > 1:
                axes.plot(*zip(*sorted(points), strict=True), color=color, marker=marker, ms=5, label=contestant)
        axes.set(title=name, xscale="log", xlabel="training texts", ylabel="accuracy")
        axes.grid(alpha=0.3)
    for axes in grid.flat[len(names) :]:
        axes.axis("off")
    lines = {line.get_label(): line for axes in grid.flat for line in axes.get_lines()}
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def _by_seconds(results: Results) -> Figure:
    """Draw the mean over all sets on which every contestant of the chart was measured, with the number of its machine."""
    processors = results.processors()
    with_all = [results.of(*key) for key in results.sets() if key[1] == 0]
    drawn = {one: style for one, style in _STYLES.items() if with_all and all(one in some for some in with_all)}
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes = figure.subplots()
    for contestant, (color, marker) in drawn.items():
        seconds = statistics.geometric_mean(
            statistics.median(result["fit"] for result in some[contestant]) for some in with_all
        )
        machines = {processors.index(result["processor"]) + 1 for some in with_all for result in some[contestant]}
        label = f"{contestant} ({', '.join(map(str, sorted(machines)))})" if len(processors) > 1 else contestant
        accuracy = statistics.mean(_mean(some[contestant], "accuracy") for some in with_all)
        axes.scatter(seconds, accuracy, color=color, marker=marker, s=70, zorder=2)
        axes.annotate(
            label.replace(", ", ",\n"), (seconds, accuracy), xytext=(7, 4), textcoords="offset points", fontsize=9
        )
    title = f"all training texts, mean of {len(with_all)} data sets"
    axes.set(xscale="log", xlabel="seconds of a fit (geometric mean)", ylabel="accuracy", title=title)
    axes.margins(x=0.3, y=0.1)
    axes.grid(alpha=0.3)
    return figure
