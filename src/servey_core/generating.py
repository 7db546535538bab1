"""Producers of files: `servey generate NAME`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servey_core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Artifact:
    """A generated file.

    Attributes:
        path: Where it belongs, relative to the project.
        text: What is in it.
    """

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Generator:
    """A named producer of files.

    Attributes:
        name: What `servey generate NAME` calls it, such as `openapi`.
        description: What it makes, in one line.
        generate: Makes the files; the same runtime always gives the same text.
    """

    name: str
    description: str
    generate: Callable[["Runtime"], Sequence[Artifact]]
