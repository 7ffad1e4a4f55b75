"""Print the front page of the site: python front.py <CARGO_METADATA.

It links to the guides, which the package lists, and to the crates of the workspace that have
documentation and are published.
"""

from __future__ import annotations

import json
import re
import sys
from html import escape

from nessie_backend_mem import guides

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nessie-backend-mem</title>
<style>
:root {{ color-scheme: light dark }}
body {{
  font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 44rem; padding: 0 1rem
}}
pre {{
  background: color-mix(in srgb, currentColor 8%, transparent); overflow-x: auto; padding: .5rem
}}
h2 {{ margin-bottom: .5rem }}
ul {{ margin-top: 0; padding-left: 1.2rem }}
li {{ margin: .3rem 0 }}
a {{ color: light-dark(#2457a8, #8ab8f7) }}
</style>
<h1>nessie-backend-mem</h1>
<p>Volumes, snapshots and FlexClones in memory, shaped like ONTAP's: a Python package, Rust crates
and an ONTAP REST endpoint, for tests, simulations and authors of storage backends.
<pre>pip install nessie-backend-mem
cargo add nessie-backend-mem
uvx nessie-backend-mem serve</pre>
<h2>Guides</h2>
<ul>
{guides}
</ul>
<h2>Python</h2>
<ul>
<li><a href="python/nessie_backend_mem.html">nessie_backend_mem</a>: the package and its modules
<li><a href="python/nessie_backend_mem.html#MemBackend">MemBackend</a>: every method
<li><a href="python/nessie_backend_mem/pytest_plugin.html">pytest_plugin</a>: the fixtures
<li><a href="python/nessie_backend_mem/ontap.html">ontap</a>: the endpoint
</ul>
<h2>Rust</h2>
<ul>
{crates}
</ul>
"""


def main() -> None:
    """Read the metadata of the workspace, and print the page."""
    row = r"^\| `nessie_backend_mem\.guides\.(\w+)` \| (.*) \|$"
    pages = [
        f'<li><a href="python/nessie_backend_mem/guides/{name}.html">{escape(result)}</a>'
        for name, result in re.findall(row, guides.__doc__ or "", re.MULTILINE)
    ]
    crates = [
        f'<li><a href="rust/{each["name"].replace("-", "_")}/index.html">{each["name"]}</a>: '
        + escape(each["description"])
        for each in json.load(sys.stdin)["packages"]
        if each["publish"] != []
    ]
    sys.stdout.write(PAGE.format(guides="\n".join(pages), crates="\n".join(crates)))


main()
