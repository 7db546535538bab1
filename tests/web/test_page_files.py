"""The files of pages: at addresses that change when they do, and with a bundle or without."""

from pathlib import Path

import pytest

from servey_core.plugins import Contribution, Plugin
from servey_web import DEBUG_LOGIN_SCRIPT, PageFiles
from servey_web.host import WebHost


@pytest.fixture
def module(tmp_path: Path) -> str:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "page.js").write_text("ours")
    (tmp_path / "static" / "notes.md").write_text("not for browsers")
    return str(tmp_path / "assets.py")


def bundle(module: str) -> None:
    made = Path(module).with_name("bundle")
    made.mkdir()
    (made / "main.js").write_text("made")
    (made / "page.js").write_text("made")


def test_without_the_bundle_there_are_ours_and_what_pages_share(module: str) -> None:
    files = PageFiles.beside(module, "main.js")
    assert set(files.files) == {"page.js", DEBUG_LOGIN_SCRIPT}
    assert not files.bundled


def test_with_the_bundle_ours_go_before(module: str) -> None:
    bundle(module)
    files = PageFiles.beside(module, "main.js")
    assert files.bundled
    assert {"main.js", "page.js"} < set(files.files)
    assert files.files["page.js"].read_text() == "ours"


def test_the_address_changes_when_a_file_does(module: str) -> None:
    before = PageFiles.beside(module, "main.js").below("/page")
    assert PageFiles.beside(module, "main.js").below("/page") == before
    Path(module).with_name("static").joinpath("page.js").write_text("other")
    assert PageFiles.beside(module, "main.js").below("/page") != before


def test_they_are_served_to_be_kept(run_server, module: str) -> None:
    files = PageFiles.beside(module, "main.js")
    mine = Plugin("mine", "mine.plugin", "my-distribution")
    host = WebHost([Contribution(mine, files.route("/page"))])
    with run_server(host).client() as client:
        found = client.get(f"{files.below('/page')}/page.js")
        assert (found.status_code, found.text) == (200, "ours")
        assert "immutable" in found.headers["cache-control"]
        missing = client.get(f"{files.below('/page')}/notes.md")
        assert missing.status_code == 404
        assert missing.headers["content-type"] == "application/problem+json"
        assert client.get("/page/assets/another/page.js").status_code == 404
