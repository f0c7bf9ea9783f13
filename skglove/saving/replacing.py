"""Files that are replaced when the new ones are complete."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(file: str | os.PathLike) -> Iterator[Path]:
    """Yield the path of a temporary file, which replaces `file` on success."""
    file = Path(file)
    if not file.parent.is_dir():
        raise FileNotFoundError(
            f"The folder {str(file.parent)!r} does not exist. Create it before {file.name!r} is saved in it."
        )
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
        partial = Path(folder) / file.name
        yield partial
        os.replace(partial, file)
