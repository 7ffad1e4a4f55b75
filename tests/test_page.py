"""The page at /ui, in a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest
from browser import Browser, find
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client

GIB = 2**30
HOSTILE = "<img src=x onerror=document.title='hit'>"
READ = "document.getElementById('status')?.textContent.startsWith('Read at')"
PROGRAM = find()
in_a_browser = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium: install one, or name it in the variable CHROMIUM"
)


@pytest.fixture(scope="module")
def server() -> Iterator[OntapServer]:
    """Two SVMs. The first has 60 volumes, and snapshots with clones of one of them."""
    first, second = MemBackend(seed=1), MemBackend(seed=2)
    parent = first.create_volume("v00", GIB)["uuid"]
    for number in range(1, 60):
        first.create_volume(f"v{number:02}", GIB * (number + 1))
    first.write(parent, GIB // 2)
    snapshot = first.create_snapshot(parent, "s1")["uuid"]
    first.create_snapshot(parent, "s2")
    clone = first.create_clone(parent, snapshot, "clone")["uuid"]
    first.create_clone(clone, first.create_snapshot(clone, "s3")["uuid"], "grandchild")
    with OntapServer({"svm1": first, "svm2": second}, tls=False) as server:
        with Client(server) as client:
            (svm,) = client.get("/api/svm/svms?name=svm2").records
            comment = {"comment": HOSTILE}
            client.send("PATCH", f"/api/svm/svms/{svm['uuid']}?return_timeout=15", comment)
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert PROGRAM is not None
    with Browser(PROGRAM) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, server: OntapServer) -> Browser:
    browser.resize(1280)
    browser.logged.clear()
    login = f"{server.username}:{server.password}@"
    browser.open(f"http://{login}{server.host}:{server.port}/ui")
    browser.wait(READ)
    return browser


def texts(page: Browser, selector: str) -> list[str]:
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll({selector!r})].map(found => found.textContent)"
    )
    return found


def names(page: Browser) -> list[str]:
    """The names of the volumes that are shown."""
    return texts(page, "#volumes-body tbody th")


def test_the_policy_names_the_script_and_the_style_of_the_page(server: OntapServer) -> None:
    with Client(server) as client:
        reply = client.get("/ui")
    html = reply.body.decode()
    policy = reply.headers["Content-Security-Policy"]
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(
        r"<[^>]*\s(on\w+|style)=", html.replace("<script>", "").split("<script")[0]
    )
    assert len(reply.body) < 40_000


@in_a_browser
def test_the_page_shows_the_cluster_and_escapes_its_texts(
    page: Browser, server: OntapServer
) -> None:
    assert texts(page, "h1") == ["nessie"]
    assert texts(page, "#svms-body tbody th") == ["svm1", "svm2"]
    assert HOSTILE in texts(page, "#svms-body td")
    assert page.evaluate("document.querySelector('img') === null && document.title !== 'hit'")
    assert names(page) == [f"v{number:02}" for number in range(50)]
    assert page.evaluate("document.querySelector('#volumes-body meter').value") > 0
    # Requests of the page itself are not listed.
    with Client(server) as client:
        listed = client.get("/simulator/requests").records
    assert "/ui" in {record["target"] for record in listed}
    assert not any("max_records" in record["target"] for record in listed)
    assert page.logged == []


@in_a_browser
def test_volumes_are_paged_searched_and_sorted(page: Browser) -> None:
    page.evaluate("document.getElementById('next').click()")
    page.wait("document.getElementById('page').textContent.startsWith('Page 2')")
    page.wait("document.querySelectorAll('#volumes-body tbody tr').length === 12")
    assert page.evaluate("document.getElementById('next').disabled") is True
    page.evaluate("document.getElementById('previous').click()")
    page.wait("document.querySelectorAll('#volumes-body tbody tr').length === 50")
    page.evaluate("document.getElementById('name').value = 'v1'; search()")
    assert names(page) == [f"v{number}" for number in range(10, 20)]
    # The heading keeps the focus, so that it can be pressed again.
    heading = "document.querySelector('[data-key=\"sort size\"]')"
    page.evaluate(f"{heading}.focus()")
    for direction, first in (("ascending", "v10"), ("descending", "v19")):
        page.press("Enter", 13, "\r")
        page.wait(f"{heading}.closest('th').ariaSort === {direction!r}")
        assert names(page)[0] == first
        assert page.evaluate(f"document.activeElement === {heading}") is True
    page.evaluate("document.getElementById('svm').value = 'svm2'; search()")
    assert texts(page, "#volumes-body tbody td") == ["None."]


@in_a_browser
def test_the_lineage_of_a_clone_has_its_ancestors_and_its_clones(page: Browser) -> None:
    page.evaluate("document.getElementById('name').value = 'clone'; search()")
    page.evaluate("document.querySelector('#volumes-body tbody button').click()")
    page.wait("document.querySelector('#lineage-body ol') !== null")
    assert texts(page, "#lineage-body ol li") == ["v00, snapshot s1"]
    assert texts(page, "#lineage-body ul ul li") == ["clone grandchild"]
    assert page.evaluate("document.activeElement.id") == "lineage"
    page.evaluate("document.querySelector('#lineage-body ol button').click()")
    page.wait("document.querySelector('#lineage-body h3').textContent === 'v00 in svm1'")
    snapshots = texts(page, "#lineage-body > ul > li")
    assert [text.split()[0] for text in snapshots] == ["s1", "s2"]
    assert "clone clone" in snapshots[0]


@in_a_browser
def test_the_tab_key_reaches_each_control_and_shows_where_it_is(page: Browser) -> None:
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(14):
        page.press("Tab", 9)
        reached.append(
            page.evaluate(
                "[document.activeElement.textContent.trim() || document.activeElement.id,"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
        )
    words = [word for word, _ in reached]
    sections = ["Cluster", "SVMs", "Volumes", "Lineage", "Jobs", "Requests", "Events"]
    assert words[:10] == ["Skip to the content", *sections, "Refresh", "repeat"]
    assert {outline for _, outline in reached} <= {"solid", "auto"}


@in_a_browser
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_its_width_and_its_text_has_contrast(
    page: Browser, width: int, dark: bool
) -> None:
    page.resize(width, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colours = page.evaluate(
        "['color', 'backgroundColor'].map(of =>"
        " getComputedStyle(document.body)[of].match(/[0-9]+/g).map(Number))"
    )
    text, ground = (sum(colour) for colour in colours)
    assert abs(text - ground) > 500
    assert (ground < text) is dark


@in_a_browser
def test_each_table_has_a_caption_headings_and_a_name(page: Browser) -> None:
    assert len(texts(page, "table > caption")) == len(texts(page, "table")) > 5
    assert page.evaluate(
        "[...document.querySelectorAll('thead th')].every(cell => cell.scope === 'col')"
    )
    assert texts(page, "h2") == [
        "Cluster", "SVMs", "Volumes", "Lineage", "Jobs", "Requests", "Events",
    ]  # fmt: skip
