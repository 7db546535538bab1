"""The digests of what the explorer takes from a CDN where GraphiQL was not bundled."""

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from servey_graphql.graphiql.cdn import SCRIPTS, STYLES, CdnFile

NPM = shutil.which("npm")
IN_CI = os.environ.get("CI") == "true"

pytestmark = pytest.mark.skipif(NPM is None and not IN_CI, reason="there is no npm here")


@pytest.mark.parametrize("file", [*STYLES, *SCRIPTS], ids=lambda file: file.path)
def test_each_file_is_the_one_that_npm_has(file: CdnFile, tmp_path: Path) -> None:
    assert NPM is not None, "CI must have npm"
    package, _, name = file.path.partition("/")
    command = [NPM, "pack", package, f"--pack-destination={tmp_path}"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    [archive] = tmp_path.glob("*.tgz")
    with tarfile.open(archive) as opened:
        found = opened.extractfile(f"package/{name}")
        assert found is not None
        digest = hashlib.sha384(found.read()).digest()
    assert file.integrity == f"sha384-{base64.b64encode(digest).decode()}"
