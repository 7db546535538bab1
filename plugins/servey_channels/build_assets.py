# ruff: noqa: INP001 - a script beside the package
"""Make the bundle of what renders the AsyncAPI document, of npm's packages.

The build hook calls it; `python build_assets.py` does the same by hand. What is made is left alone
for as long as what it is made of stays the same.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FRONTEND = HERE / "frontend"
BUNDLE = HERE / "src" / "servey_channels" / "studio" / "bundle"
SOURCES = (
    ".npmrc",
    "build.mjs",
    "package.json",
    "src/asyncapi.js",
    "src/checks.js",
    "src/parser.js",
)
STAMP = "made-of.txt"
"""The file of the bundle that says what it is made of."""

_SECONDS = 300


def make_bundle(bundle: Path = BUNDLE) -> str | None:
    """Make the bundle, unless it is there and made of what it would be made of.

    Args:
        bundle: The folder to make; an outdated one is removed.

    Returns:
        Why there is no bundle; None where there is one.
    """
    wanted = _fingerprint()
    stamp = bundle / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return None
    shutil.rmtree(bundle, ignore_errors=True)
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not on the PATH"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(FRONTEND, work, dirs_exist_ok=True, ignore=_left_out)
        made = work / "made"
        for command in (["install"], ["run", "build", "--", str(made)]):
            if failure := _run([npm, *command], work):
                return failure
        (made / STAMP).write_text(wanted)
        shutil.copytree(made, bundle)
    return None


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((FRONTEND / name).read_bytes())
    return digest.hexdigest()


def _left_out(folder: str, names: list[str]) -> list[str]:  # noqa: ARG001 - as copytree calls it
    return [name for name in names if name == "node_modules"]


def _run(command: list[str], folder: Path) -> str | None:
    """Run a command; what it said where it failed."""
    # An npm that is a Python package must find it, which pip's build environments prevent.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    said = f"{' '.join(command)} failed"
    try:
        run = subprocess.run(  # noqa: S603
            command, cwd=folder, env=variables, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{said}: {error}"
    if run.returncode:
        return (
            f"{said}:\n{run.stdout.decode(errors='replace')}{run.stderr.decode(errors='replace')}"
        )
    return None


if __name__ == "__main__":
    sys.exit(make_bundle())
