"""``python -m skglove.vectors``: download word vectors in advance, and query them."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence

from skglove.vectors.cache import cache
from skglove.vectors.published import installed, registry
from skglove.vectors.wordvectors import WordVectors


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (OSError, ValueError, KeyError) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        print(f"skglove.vectors: {message}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m skglove.vectors",
        description="Download pre-trained word vectors into the cache, and query them.",
        epilog="SKGLOVE_HOME sets the folder of the cache; SKGLOVE_OFFLINE=1 forbids network access.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="list the known names, and whether they are cached")
    listing.add_argument("part", nargs="?", metavar="PART", help="list the names that contain it, such as fasttext.cc")
    listing.set_defaults(run=_list)

    fetch = commands.add_parser("fetch", help="download into the cache, e.g. for a Docker image")
    fetch.add_argument("names", nargs="+", metavar="NAME", help="such as glove.6B.100d")
    fetch.set_defaults(run=_fetch)

    nearest = commands.add_parser("nearest", help="show the words most similar to a word")
    nearest.add_argument("word", metavar="WORD")
    nearest.set_defaults(run=lambda options: _print_similar(options, [options.word], []))

    analogy = commands.add_parser("analogy", help="A is to B as C is to what: B - A + C")
    for letter in "abc":
        analogy.add_argument(letter, metavar=letter.upper())
    analogy.set_defaults(run=lambda options: _print_similar(options, [options.b, options.c], [options.a]))

    for command in (nearest, analogy):
        command.add_argument("--vectors", default="glove.6B.50d", help="name or file; default: %(default)s")
        command.add_argument("-n", type=int, default=10, help="number of words; default: %(default)s")

    clear = commands.add_parser("clear", help="remove from the cache")
    what = clear.add_mutually_exclusive_group(required=True)
    what.add_argument("names", nargs="*", default=[], metavar="NAME", help="such as glove.6B.100d")
    what.add_argument("--all", action="store_true", help="everything, including vectors of files and of encoders")
    clear.set_defaults(run=_clear)
    return parser


def _list(options: argparse.Namespace) -> None:
    print(f"{'name':<35}{'words':>11}{'dim':>5}{'download':>10}  {'local':<10}corpus")
    hidden = []
    for name, entry in registry.ENTRIES.items():
        local = "cache" if cache.find(name) else "package" if installed.find(name) else "no"
        if options.part is None and entry.family and local == "no":
            hidden.append(entry)
        elif options.part is None or options.part.casefold() in name.casefold():
            size = f"{entry.size / 1e6:,.0f} MB" if entry.size else "?"
            words = f"{entry.words:,}" if entry.words else "?"
            print(f"{name:<35}{words:>11}{entry.dim:>5}{size:>10}  {local:<10}{entry.corpus}")
    if hidden:
        print(f"and {len(hidden)} others: {', '.join(registry.families(hidden))}; 'list fasttext.' lists them all")
    print(f"cache: {cache.folder()}")


def _fetch(options: argparse.Namespace) -> None:
    for name in map(_canonical, options.names):
        print(f"{name}: {WordVectors.load(name)!r} in {cache.folder() / name}")


def _print_similar(options: argparse.Namespace, positive: list[str], negative: list[str]) -> None:
    vectors = WordVectors.load(options.vectors)
    for word, score in vectors.most_similar(positive, negative, topn=options.n):
        print(f"{score:6.3f}  {word}")


def _clear(options: argparse.Namespace) -> None:
    everything = [cache.folder(), cache.home() / "downloads"]
    for target in everything if options.all else [cache.folder() / _canonical(name) for name in options.names]:
        if not target.exists():
            print(f"{target}: does not exist")
            continue
        size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
        shutil.rmtree(target)
        print(f"{target}: removed, {size / 1e6:,.1f} MB")


def _canonical(name: str) -> str:
    entry = registry.find(name)
    if entry is None:
        raise ValueError(registry.unknown_name(name))
    return entry.name


if __name__ == "__main__":
    sys.exit(main())
