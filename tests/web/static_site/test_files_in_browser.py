"""A page whose style and script are kept for good, as Chromium shows it."""

import pytest
from chromium import IN_BROWSER, browsing

from servey_web.static_site.assets import Assets

pytestmark = IN_BROWSER

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Files</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="{style}"></head>
<body><h1>Before</h1><script type="module" src="{script}"></script></body></html>
"""


@pytest.mark.parametrize("shared_site", [()], indirect=True, ids=["with rest"])
def test_a_page_with_style_and_script(folder, site, tmp_path):
    folder.write("css/site.css", "h1 { color: rgb(1, 2, 3); }")
    folder.write("js/app.js", "document.querySelector('h1').textContent = 'Déjà vu';")
    urls = [Assets.of(site.runtime).url(name) for name in ("css/site.css", "js/app.js")]
    folder.write("index.html", PAGE.format(style=urls[0], script=urls[1]))
    with browsing(tmp_path / "browser") as page:
        page.open(f"{site.url}/")
        page.wait_for("document.querySelector('h1')?.textContent === 'Déjà vu'")
        colour = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
        assert colour == "rgb(1, 2, 3)"
        assert page.complaints == []
        assert [url.removeprefix(site.url) for url in page.requests][:3] == ["/", *urls]
        before = len(page.requests)
        page.open(f"{site.url}/index.html")
        page.wait_for("document.querySelector('h1')?.textContent === 'Déjà vu'")
        kept = page.evaluate(
            "performance.getEntriesByType('resource').filter((one) => one.transferSize === 0)"
            ".map((one) => new URL(one.name).pathname)"
        )
        assert set(urls) <= set(kept)
        assert len(page.requests) > before
