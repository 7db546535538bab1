"""What the source distributions and wheels in a folder hold, and must not hold."""

import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

MADE = {
    "servey_channels": ("studio/bundle/asyncapi.js", "studio/bundle/LICENSES.txt"),
    "servey_graphql": ("graphiql/bundle/graphiql.js", "graphiql/bundle/LICENSES.txt"),
}
"""What is made when a distribution is built."""
STRAY = ("__pycache__", ".pyc", "uv.lock", "package-lock.json", ".nox", "node_modules")


def main(folder: Path) -> int:
    """Report on every archive in `folder`; 1 where something is wrong."""
    archives = sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")])
    complaints = [
        f"{archive.name}: {complaint}"
        for archive in archives
        for complaint in complaints_about(archive)
    ]
    print("\n".join(complaints) or f"{len(archives)} archives hold what they should")
    return 1 if complaints or not archives else 0


def complaints_about(archive: Path) -> Iterator[str]:
    """What is wrong with one archive."""
    names = names_in(archive)
    package = archive.name.partition("-")[0]
    usual = (f"{package}/__init__.py", f"{package}/py.typed", "LICENSE")
    for wanted in (*usual, *MADE.get(package, ())):
        if not any(name.endswith(wanted) for name in names):
            yield f"there is no {wanted}"
    for name in names:
        if any(stray in name for stray in STRAY):
            yield f"{name} should not be there"
        if package == "servey_core" and "plugins/" in name:
            yield f"{name} is a plugin's"


def names_in(archive: Path) -> list[str]:
    """The names of the files in an archive."""
    if archive.suffix == ".whl":
        return zipfile.ZipFile(archive).namelist()
    with tarfile.open(archive) as opened:
        return opened.getnames()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
