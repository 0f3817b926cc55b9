"""On what the numbers were measured. Nothing here tells who or where."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

LIBRARIES = (
    "lxml", "numpy", "pandas", "pandera", "pymediainfo", "frictionless", "openpyxl", "python-calamine"
)  # fmt: skip
COMMANDS = {"mediainfo": "--Version", "ffprobe": "-version"}


def machine() -> dict[str, str]:
    """Processor, cores, memory and system: what makes two results comparable."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count() or "unknown"),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def software() -> dict[str, str]:
    """Versions of Python, the libraries and the commands that took part."""
    versions = {
        "Python": platform.python_version(),
        "operating system": _system(),
        "libmediainfo": _libmediainfo(),
    }
    versions |= {name: _library(name) for name in LIBRARIES}
    return versions | {f"{name} (command)": _command(name, option) for name, option in COMMANDS.items()}


def _libmediainfo() -> str:
    from pymediainfo import MediaInfo

    return str(json.loads(MediaInfo.parse(__file__, output="JSON"))["creatingLibrary"]["version"])


def _processor() -> str:
    try:
        named = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        named = None
    return named[1].strip() if named else platform.processor() or platform.machine()


def _memory() -> str:
    if sys.platform == "win32":
        return "unknown"
    return f"{round(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / (1 << 30))} GiB"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"


def _library(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _command(name: str, option: str) -> str:
    path = shutil.which(name)
    if path is None:
        return "not installed"
    said = subprocess.run([path, option], capture_output=True, encoding="utf-8", errors="replace").stdout
    version = re.search(r"[0-9]+(?:\.[0-9]+)+", said)
    return version[0] if version else "unknown"
