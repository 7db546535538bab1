"""The digests of what pages take from a CDN where their bundles were not made."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from servey_channels.studio import cdn as studio
from servey_graphql.graphiql.cdn import SCRIPTS, STYLES

NPM = shutil.which("npm")
IN_CI = os.environ.get("CI") == "true"
FILES = [
    *((file.url, file.integrity) for file in (*STYLES, *SCRIPTS)),
    studio.SCRIPT,
    studio.STYLE,
]
FILE_OF_PACKAGE = re.compile(r"https://[^/]+/npm/(?P<package>(@[^/]+/)?[^/]+)/(?P<name>.+)")

pytestmark = pytest.mark.skipif(NPM is None and not IN_CI, reason="there is no npm here")


@pytest.mark.parametrize(("url", "integrity"), FILES, ids=lambda one: one.partition("/npm/")[2])
def test_each_file_is_the_one_that_npm_has(url: str, integrity: str, tmp_path: Path) -> None:
    assert NPM is not None, "CI must have npm"
    found = FILE_OF_PACKAGE.fullmatch(url)
    assert found is not None
    command = [NPM, "pack", found["package"], f"--pack-destination={tmp_path}"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    [archive] = tmp_path.glob("*.tgz")
    with tarfile.open(archive) as opened:
        file = opened.extractfile(f"package/{found['name']}")
        assert file is not None
        digest = hashlib.sha384(file.read()).digest()
    assert integrity == f"sha384-{base64.b64encode(digest).decode()}"
