"""Write the results of a benchmark to a section of a file, by default ``README.md`` in the same folder."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

README = Path(__file__).with_name("README.md")
_PACKAGES = ("tensorflow", "keras", "scikit-learn", "numpy", "torch", "skorch", "fasttext-wheel")


def write(file: Path, section: str, text: str) -> None:
    """Replace a section of a file, or add it."""
    old = file.read_text(encoding="utf-8") if file.exists() else "# Benchmarks\n"
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    new = f"{begin}\n{text.strip()}\n{end}"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    file.write_text(pattern.sub(lambda _: new, old) if begin in old else f"{old.rstrip()}\n\n{new}\n", encoding="utf-8")


def machine() -> str:
    """Return the processor and the versions of packages."""
    return f"{processor()}; {versions()}."


def processor() -> str:
    """Return the processor, the number of cores and the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"


def versions() -> str:
    """Return the versions of Python and of packages."""
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"Python {platform.python_version()}, {', '.join(found)}"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown, with numbers aligned to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
