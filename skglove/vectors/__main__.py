"""``python -m skglove.vectors``: fetch word vectors ahead of time, and ask them."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from skglove.vectors import WordVectors, store


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except (OSError, ValueError, KeyError) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        print(f"skglove.vectors: {message}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m skglove.vectors",
        description="Pre-trained word vectors: fetch them once, and ask them.",
        epilog="SKGLOVE_HOME names the folder where they are kept, SKGLOVE_OFFLINE=1 forbids the network.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="list the known names, and which are here")
    listing.set_defaults(run=_list)

    fetch = commands.add_parser("fetch", help="get vectors into the cache, for a Docker image or a machine offline")
    fetch.add_argument("names", nargs="+", metavar="NAME", help="such as glove.6B.100d")
    fetch.set_defaults(run=_fetch)

    nearest = commands.add_parser("nearest", help="show the words most similar to a word")
    nearest.add_argument("word", metavar="WORD")
    nearest.set_defaults(run=lambda options: _similar(options, [options.word], []))

    analogy = commands.add_parser("analogy", help="A is to B as C is to what: B - A + C")
    for letter in "abc":
        analogy.add_argument(letter, metavar=letter.upper())
    analogy.set_defaults(run=lambda options: _similar(options, [options.b, options.c], [options.a]))

    for command in (nearest, analogy):
        command.add_argument(
            "--vectors", default="glove.6B.50d", metavar="NAME", help="a name or a file; %(default)s by default"
        )
        command.add_argument("-n", type=int, default=10, help="how many; %(default)s by default")

    clear = commands.add_parser("clear", help="remove from the cache")
    clear.add_argument("names", nargs="*", metavar="NAME", help="all that is there, if none is given")
    clear.set_defaults(run=_clear)
    return parser


def _list(options: argparse.Namespace) -> None:
    from skglove.vectors import installed

    print(f"{'name':<25}{'words':>11}{'dim':>5}{'download':>10}  {'here':<10}corpus")
    for name, entry in WordVectors.available().items():
        here = "cache" if store.find(name) else "package" if installed.find(name) else "no"
        size = f"{entry.size / 1e6:,.0f} MB" if entry.size else "?"
        print(f"{name:<25}{entry.words:>11,}{entry.dim:>5}{size:>10}  {here:<10}{entry.corpus}")
    print(f"cache: {store.folder()}")


def _fetch(options: argparse.Namespace) -> None:
    from skglove.vectors import registry

    for name in options.names:
        entry = registry.find(name)
        if entry is None:
            raise ValueError(registry.unknown_name(name))
        vectors = WordVectors.load(entry.name)
        print(f"{entry.name}: {vectors!r} in {store.folder() / entry.name}")


def _similar(options: argparse.Namespace, positive: list[str], negative: list[str]) -> None:
    vectors = WordVectors.load(options.vectors)
    for word, score in vectors.most_similar(positive, negative, topn=options.n):
        print(f"{score:6.3f}  {word}")


def _clear(options: argparse.Namespace) -> None:
    from skglove.vectors import registry

    if options.names:
        targets: list[Path] = []
        for name in options.names:
            entry = registry.find(name)
            if entry is None:
                raise ValueError(registry.unknown_name(name))
            targets.append(store.folder() / entry.name)
    else:
        targets = [store.folder(), store.home() / "downloads"]
    for target in targets:
        if not target.exists():
            print(f"{target}: nothing there")
            continue
        size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
        shutil.rmtree(target)
        print(f"{target}: removed, {size / 1e6:,.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
