"""Which folder is served, and where that is told."""

import pytest
from click.testing import CliRunner
from serving import Served, start_with
from site_folders import Folder

from servey_core import ConfigurationError, SettingsError
from servey_web import create_app
from servey_web.command import routes


def test_a_folder_by_another_name(workplace, serve):
    Folder(workplace.folder / "public").write("a.txt", "content")
    assert serve(static_site="public").client.get("/a.txt").text == "content"


def test_a_folder_that_is_named_goes_before_the_usual_one(folder, workplace, serve):
    folder.write("a.txt", "usual")
    Folder(workplace.folder / "public").write("b.txt", "named")
    served = serve(static_site=str(workplace.folder / "public"))
    assert served.client.get("/b.txt").text == "named"
    assert served.client.get("/a.txt").status_code == 404


def test_no_folder_is_no_site(workplace, serve):
    answer = serve().client.get("/a.txt", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("name", ["nowhere", "file.txt"])
def test_a_folder_that_is_named_must_be_there(workplace, name):
    workplace.write("file.txt", "no folder")
    with pytest.raises(SettingsError, match=f"SERVEY_STATIC_SITE is '{name}', but .*{name} is no"):
        create_app(start_with([], static_site=name))


def test_a_file_by_the_usual_name_is_no_site(workplace, serve):
    workplace.write("static_site", "no folder")
    assert serve().client.get("/static_site").status_code == 404


def test_the_routes_are_listed(folder, workplace):
    folder.write("a.txt")
    workplace.write("actions.py", "")
    result = CliRunner().invoke(routes, catch_exceptions=False)
    [row] = [line.split() for line in result.output.splitlines() if "static_site" in line]
    assert row == ["GET,", "HEAD", "/*", "files", "of", "static_site", "web"]


def test_the_console_tells(folder, workplace):
    folder.write("index.html")
    with Served.running([]) as served:
        service = served.runtime.services()["web"].record
        [listening] = service.listen()
        with listening:
            port = listening.getsockname()[1]
            told = service.description([listening])
    assert f"http://127.0.0.1:{port}/" in told
    assert told.endswith("; files of static_site)")


def test_a_template_for_problems_that_is_wrong_is_told(folder, workplace):
    folder.write("a.txt")
    workplace.write("templates/404.j2", "{{ nothing }}")
    with pytest.raises(ConfigurationError, match=r"The page of a problem: template '404\.j2' \("):
        create_app(start_with([]))
