# ruff: noqa: INP001 - a script beside the package
"""The build hook: every wheel, source distribution and editable install comes with the bundle."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleHook(BuildHookInterface[Any]):
    """Makes the bundle of the page of channels; without npm, the page says that it does without."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the bundle before files are collected."""
        make_bundle = runpy.run_path(str(Path(self.root) / "build_assets.py"))["make_bundle"]
        if reason := make_bundle():
            self.app.display_warning(
                "The renderer of AsyncAPI documents is not bundled, and its page will load it from "
                f"a CDN: {reason}"
            )
