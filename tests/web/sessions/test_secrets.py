"""Nothing secret of a session is in logs or on pages of problems."""

import logging
from typing import Any

import pytest
from visiting import PASSWORD, Browser, token_in


def test_no_log_and_no_problem_has_a_secret(
    serve: Any, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    with serve() as app, Browser(app.url, headers={"Accept": "text/html"}) as browser:
        browser.log_in(password="a wrong guess")
        visitor = browser.cookies["servey_session_csrf"]
        browser.log_in(next="/diary?secret=next-place")
        session = browser.cookies["servey_session"]
        token = token_in(browser.get("/diary").text)
        for path, form in [
            ("/notes", {"text": "a", "csrf_token": token[::-1]}),
            ("/notes", {"wrong": "a", "csrf_token": token}),
            ("/enter", {"name": "x" * 5000, "csrf_token": token}),
            ("/logout", {"csrf_token": f"{token}x"}),
            ("/nowhere", {"csrf_token": token}),
        ]:
            answer = browser.post(path, data=form)
            assert answer.status_code >= 400
            told.append(answer.text)
    assert "POST /notes" in caplog.text
    ours = [record for record in caplog.records if not record.name.startswith(("http", "asyncio"))]
    logged = "\n".join(f"{record.getMessage()} {vars(record)}" for record in ours)
    secrets = (PASSWORD, "a wrong guess", visitor, session, session.split(".")[2], token)
    for secret in (*secrets, token[::-1], "next-place"):
        assert secret not in logged
    for secret in (PASSWORD, visitor, session, token[::-1]):
        assert all(secret not in text for text in told)
