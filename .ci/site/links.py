"""Check the links within the site: python links.py SITE.

Print the links whose file or anchor does not exist, and fail if there are any.
"""

from __future__ import annotations

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        """Read the page."""
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.is_redirection = False
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and the anchor of an element."""
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.add(value)
            elif name == "id" and value:
                self.anchors.add(value)
            elif (tag, name, value) == ("meta", "http-equiv", "refresh"):
                self.is_redirection = True


page = cache(Page)


def is_broken(origin: Path, link: str) -> bool:
    """Whether a link of a page leads to a file or an anchor of the site that does not exist."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = (origin.parent / unquote(parts.path)).resolve() if parts.path else origin
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        # rustdoc loads lists of implementations that it has not written where there are none.
        return "trait.impl" not in target.parts
    if not parts.fragment or target.suffix != ".html" or page(target).is_redirection:
        return False
    # rustdoc's pages of source code make the anchors of their lines by a script.
    if "src" in target.parts and parts.fragment.replace("-", "").isdigit():
        return False
    return {parts.fragment, unquote(parts.fragment)}.isdisjoint(page(target).anchors)


def main() -> int:
    """Check all pages; return the exit status."""
    site = Path(sys.argv[1]).resolve()
    broken = [
        f"{path.relative_to(site)}: {link}\n"
        for path in sorted(site.rglob("*.html"))
        for link in sorted(page(path).links)
        if is_broken(path, link)
    ]
    sys.stdout.writelines(broken)
    return 1 if broken else 0


sys.exit(main())
