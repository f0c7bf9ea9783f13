"""Memory of a process, on Linux."""

from pathlib import Path


def megabytes(field: str) -> float:
    """Return this process' resident memory (VmRSS) or its peak (VmHWM), in MB, mapped pages of files included.

    The peak of `resource.getrusage` is not used, because a new process inherits that of the process that started it.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    values = [float(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field + ":")]
    return values[0] if values else float("nan")


def begin_peak() -> float:
    """Forget the peak until now; return the resident memory, in MB."""
    forget = Path("/proc/self/clear_refs")
    if forget.exists():
        forget.write_text("5")
    return megabytes("VmRSS")
