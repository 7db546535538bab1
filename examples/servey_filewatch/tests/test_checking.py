"""What cannot work is said before anything is watched."""

import re
import sys

import pytest

from servey_core import ActionError, start
from servey_filewatch import FileTrigger


@pytest.fixture
def refusal(application, monkeypatch):
    """Start the application here; what is said against it, after the words that say of what."""

    def refusal():
        monkeypatch.chdir(application.folder)
        monkeypatch.syspath_prepend(application.folder)
        monkeypatch.setenv("SERVEY_PLUGINS", "filewatch")
        monkeypatch.delitem(sys.modules, "actions", raising=False)
        with pytest.raises(ActionError) as caught:
            start().services()
        monkeypatch.delitem(sys.modules, "actions")
        words, _, reason = str(caught.value).partition(": trigger inbox/*.txt ")
        assert re.fullmatch(r"Action 'count_words' \(.*actions\.py:1\d\)", words)
        return reason.partition(": ")[2]

    return refusal


def test_the_folder_is_missing(application):
    (application.folder / "inbox" / ".gitkeep").unlink()
    (application.folder / "inbox").rmdir()
    served = application.run("serve")
    assert served.returncode == 5
    assert served.stderr == (
        f"error: Action 'count_words' ({application.folder / 'actions.py'}:12): "
        "trigger inbox/*.txt added, modified, deleted: "
        f"there is no folder {str(application.folder / 'inbox')!r} to watch: make it.\n"
    )


def test_the_action_takes_no_path(application, refusal):
    application.rewrite("path: Path, change: Change", "change: Change")
    assert refusal() == "it needs a parameter `path: Path`, to be told the file."


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        ("path: int, change: Change", "path: Input should be a valid integer"),
        ("path: Path, change: int", "change: Input should be a valid integer"),
        ("path: Path, change: Change, size: int", "size: Field required"),
    ],
)
def test_the_action_cannot_take_what_it_is_given(application, refusal, signature, reason):
    application.rewrite("path: Path, change: Change", signature)
    assert refusal() == (
        "it cannot take what it is given for a file that was added "
        f"(`path: Path`, and if it likes `change: Change`): {reason}"
    )


def test_the_action_cannot_take_every_change(application, refusal):
    application.rewrite("change: Change", "change: Literal['added', 'modified']")
    application.rewrite("import json", "import json\nfrom typing import Literal")
    reason = refusal()
    assert "for a file that was deleted" in reason
    assert "change: Input should be 'added' or 'modified'" in reason


def test_the_action_wants_a_caller(application, refusal):
    application.rewrite("triggers=", "access_control=ALLOW_AUTHENTICATED, triggers=")
    application.rewrite("import action", "import ALLOW_AUTHENTICATED, action")
    assert refusal() == (
        "it wants to know its caller, and a file has none: leave out access control."
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pattern": "deep/*.txt"}, r"A pattern is for names, not for paths: 'deep/\*\.txt'"),
        ({"changes": ()}, r"The changes are some of .*, not \(\)"),
        ({"changes": ("moved",)}, r"The changes are some of .*'deleted'\), not \('moved',\)"),
        ({"changes": "added"}, "The changes are some of .*, not 'added'"),
    ],
)
def test_a_trigger_that_means_nothing(given, message):
    with pytest.raises(ValueError, match=message):
        FileTrigger("inbox", **given)
