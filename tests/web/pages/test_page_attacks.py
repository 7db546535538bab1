"""What is given to pages stays text: it is no HTML, no script, and no template."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from asking import BROWSER, Elements

from servey_core import BadRequest, PageResponse, WebPageTrigger, action
from servey_web import WebSettings

SECRET = "the content of a secret file"


@dataclass
class Shown:
    text: str
    link: str = "/"


@action(triggers=WebPageTrigger("/shown/{text}", template="shown.j2"))
async def in_path(text: str) -> Shown:
    return Shown(text)


@action(triggers=WebPageTrigger("/shown", template="shown.j2"))
async def shown(text: str, link: str = "/") -> Shown:
    return Shown(text, link)


@action(triggers=WebPageTrigger("/refused", template="shown.j2"))
async def refused(text: str) -> Shown:
    raise BadRequest(text, told=text)


@action(triggers=WebPageTrigger("/form", method="POST", template="form.j2"))
async def form(text: int, more: str = "") -> Shown:
    return Shown(more)


@action(triggers=WebPageTrigger("/chosen", template="shown.j2"))
async def chosen(template: str) -> PageResponse[Shown]:
    return PageResponse(Shown("x"), template=template)


ACTIONS = [in_path, shown, refused, form, chosen]
TEMPLATES = {
    "shown.j2": "<title>{{ model.text }}</title><p>{{ model.text }}</p>"
    "<a href='{{ model.link }}'></a>"
    "<i title='{{ model.text }}' class=\"{{ model.text }}\">{{ page.query.text }}</i>"
    "<script type='application/json'>{{ model.text | tojson }}</script>"
    "<b title='{{ url_for('in_path', text=model.text) }}'>{{ page.url }}</b>"
    "{% include 'part.txt' %}",
    "part.txt": "<u>{{ model.text }}</u>",
    "form.j2": "<form method='post'>{{ csrf_field() }}"
    "<input name='text' value='{{ form.value(\"text\") }}'>"
    '<input name="more" value="{{ form.values.more }}">'
    "<p>{{ form.errors.text | join }}</p><p>{{ form.all_errors | join(', ') }}</p></form>",
}
HTML = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title></script><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "<!--",
    "&lt;b&gt;",
]
TEMPLATE_CODE = [
    "{{ 7*7 }}",
    "{{ 7*'7' }}",
    "${7*7}",
    "{% raw %}{{ 7*7 }}{% endraw %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{% include '/etc/passwd' %}",
    "{{ csrf_token() }}",
]


def elements(page: str) -> list[str]:
    return [tag for tag, _, _ in Elements(page).found]


def shown_as(answer: httpx.Response, text: str, harmless: httpx.Response) -> None:
    """Check that a page has the very elements that it has for a harmless text."""
    assert elements(answer.text) == elements(harmless.text)
    attributes = [sorted(one) for _, one, _ in Elements(answer.text).found]
    assert attributes == [sorted(one) for _, one, _ in Elements(harmless.text).found]


@pytest.mark.parametrize("text", [*HTML, *TEMPLATE_CODE])
def test_a_text_in_a_page(app: Any, text: str) -> None:
    query = str(httpx.QueryParams({"text": text}))
    answer, harmless = app.get(f"/shown?{query}"), app.get("/shown?text=x")
    shown_as(answer, text, harmless)
    page = Elements(answer.text)
    for tag in ("p", "u"):
        assert [one for _, one in page.named(tag)] == [text]
    [(attributes, inner)] = page.named("i")
    assert (attributes["title"], attributes["class"], inner) == (text, text, text)
    [(_, json)] = page.named("script")
    assert not set("<>&'") & set(json.strip('"'))
    [(attributes, _)] = page.named("b")
    assert attributes["title"] is not None
    assert not set("<>\"'{} ") & set(attributes["title"])


@pytest.mark.parametrize("text", [*HTML, *TEMPLATE_CODE])
def test_a_text_in_the_page_of_a_problem(app: Any, text: str) -> None:
    query = str(httpx.QueryParams({"text": text}))
    answer = app.get(f"/refused?{query}")
    assert answer.status_code == 400
    shown_as(answer, text, app.get("/refused?text=x"))
    assert Elements(answer.text).named("p")[0][1].strip() == text.strip()
    nowhere = app.get(f"/nowhere/{query}?{query}")
    assert nowhere.status_code == 404
    shown_as(nowhere, text, app.get("/nowhere"))


@pytest.mark.parametrize("text", [*HTML, *TEMPLATE_CODE])
def test_a_text_in_a_form_that_is_shown_again(app: Any, text: str) -> None:
    answer = app.send("/form", {"text": text, "more": text, text: "1"})
    assert answer.status_code == 422
    shown_as(answer, text, app.send("/form", {"text": "x", "more": "x", "y": "1"}))
    page = Elements(answer.text)
    assert page.value_of("text") == page.value_of("more") == text
    assert text in page.named("p")[1][1]


def test_names_of_fields_in_errors(app: Any) -> None:
    answer = app.get("/shown?text=x&text[%3Cscript%3Ealert(1)%3C/script%3E]=1")
    assert answer.status_code == 422
    assert "script" not in elements(answer.text)


@pytest.mark.parametrize(
    "name", ["../secret.j2", "/etc/passwd", "..%2fsecret.j2", "x/../../secret.j2", "{{ 7*7 }}", ""]
)
def test_no_template_outside_of_the_folder(app: Any, name: str) -> None:
    folder = app.runtime.settings.group(WebSettings).templates
    (folder.parent / "secret.j2").write_text(SECRET)
    answer = app.client.get("/chosen", params={"template": name}, headers=BROWSER)
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert "root:" not in answer.text
