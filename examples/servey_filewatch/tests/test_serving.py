"""The example application, served by a real process that watches a real folder."""

import json


def report(application, name):
    file = application.folder / "outbox" / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def test_an_action_runs_when_a_file_is_dropped_changed_and_deleted(application):
    application.serve(SERVEY_PLUGINS="", SERVEY_PORT="0")  # beside whatever else is installed
    poem = application.folder / "inbox" / "poem.txt"

    application.outcome(
        lambda: poem.write_text("tyger tyger burning bright"),
        lambda: report(application, "poem") == {"file": "poem.txt", "words": 4},
    )
    application.outcome(
        lambda: poem.write_text("in the forests"),
        lambda: report(application, "poem") == {"file": "poem.txt", "words": 3},
    )
    application.outcome(poem.unlink, lambda: report(application, "poem") is None)
    assert application.stop() == 0


def test_a_file_that_is_moved_into_the_folder_counts(application):
    application.serve()
    poem = application.folder / "poem.txt"
    poem.write_text("the moon")
    application.outcome(
        lambda: poem.rename(application.folder / "inbox" / "poem.txt"),
        lambda: report(application, "poem") == {"file": "poem.txt", "words": 2},
    )
    assert application.stop() == 0


def test_other_names_and_folders_do_not_count(application):
    application.serve()
    inbox = application.folder / "inbox"

    def fill():
        (inbox / "image.png").write_text("not text")
        (inbox / "folder.txt").mkdir()
        (inbox / "folder.txt" / "deep.txt").write_text("too deep")
        (inbox / "last.txt").write_text("one")

    application.outcome(fill, lambda: report(application, "last") is not None)
    assert [file.name for file in (application.folder / "outbox").glob("*.json")] == ["last.json"]
    assert application.stop() == 0


def test_an_error_of_the_action_is_logged_and_the_watching_goes_on(application):
    application.rewrite(
        "    report = OUTBOX", '    int(path.stem.replace("good", "1"))\n    report = OUTBOX'
    )
    application.serve()
    inbox = application.folder / "inbox"
    (inbox / "bad.txt").write_text("...")
    log = application.read_until("(added): ")
    assert "invalid literal for int() with base 10: 'bad'" in log
    assert f"count_words, for {inbox / 'bad.txt'} (added): Internal error" in log
    application.outcome(
        lambda: (inbox / "good.txt").write_text("all is well"),
        lambda: report(application, "good") == {"file": "good.txt", "words": 3},
    )
    assert application.stop() == 0


def test_the_console_says_what_is_watched(application):
    application.serve()
    assert application.stop() == 0
    printed = application.run("watched")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout == "inbox/*.txt added, modified, deleted -> count_words\n"
