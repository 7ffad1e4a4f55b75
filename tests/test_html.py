"""The HTML of `MemBackend`, `Table` and `Uuids` in notebooks."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from nessie_backend_mem import MemBackend, Table, Uuids
from support import volume_with_snapshots

MAX_BYTES = 50_000
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Page(HTMLParser):
    """The rows and texts of HTML whose elements are all closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.texts: dict[str, str] = {}
        self.feed(html)
        self.close()
        assert self.open == []
        assert len(html.encode()) < MAX_BYTES

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in VOID
        self.open.append(tag)
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data
        self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


def page(thing: Any) -> Page:
    return Page(thing._repr_html_())


TAGS = {"div", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre"}
HOSTILE = "/<script>alert('1')</script>&amp;\"</td></table></pre>"


def test_a_backend_shows_its_summary_its_volumes_and_its_tree(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s", size_bytes=2**30)
    backend.patch_volume(volume["uuid"], junction_path="/é")
    backend.write(volume["uuid"], 3 * 2**20)
    clone = backend.create_clone(volume["uuid"], snapshot["uuid"], "c")
    shown = page(backend)
    assert shown.texts["div"] == repr(backend)
    assert shown.texts["pre"] == backend.tree().rstrip("\n")
    head, *rows = shown.rows
    records = [dict(zip(head, row, strict=True)) for row in rows]
    time = "2000-01-01T00:00:00Z"
    same = {"size_bytes": str(2**30), "state": "online", "create_time": time, "export_policy": ""}
    same |= {"snapshot_policy": ""}
    origin = {"parent_volume": "v", "parent_snapshot": "s"}
    assert records == [
        {"": "0", "name": "v", **same, "junction_path": "/é", **dict.fromkeys(origin, "")}
        | {"uuid": volume["uuid"], "used_bytes": str(3 * 2**20)},
        {"": "1", "name": "c", **same, "junction_path": "", **origin}
        | {"uuid": clone["uuid"], "used_bytes": ""},
    ]


def test_the_tree_shows_used_and_consumed_bytes(backend: MemBackend) -> None:
    volume, [_] = volume_with_snapshots(backend, "v", "s", size_bytes=2**30)
    backend.write(volume["uuid"], 2**20)
    backend.create_snapshot(volume["uuid"], "t")
    backend.write(volume["uuid"], 2**10, overwrite_bytes=2**10)
    time = "2000-01-01T00:00:00Z"
    lines = ["v  1 MiB of 1 GiB", f"├── @s  {time}", f"└── @t  {time}  1 KiB"]
    assert page(backend).texts["pre"].splitlines() == backend.tree().splitlines() == lines


def test_texts_are_escaped(backend: MemBackend) -> None:
    volume = backend.create_volume("v")
    backend.patch_volume(volume["uuid"], junction_path=HOSTILE, export_policy=HOSTILE)
    for thing in (backend, backend.volumes()):
        shown = page(thing)
        assert shown.tags <= TAGS
        assert shown.rows[1].count(HOSTILE) == 2
    assert HOSTILE in page(backend).texts["pre"]


def test_a_line_separator_in_a_path_does_not_split_its_line(backend: MemBackend) -> None:
    volume = backend.create_volume("v")
    backend.patch_volume(volume["uuid"], junction_path="/a\u2028b")
    assert page(backend).texts["pre"] == backend.tree().rstrip("\n")


def test_long_texts_are_cut(backend: MemBackend) -> None:
    for number in range(60):
        volume = backend.create_volume(f"{number}".zfill(203))
        path = f"/{number}{'&' * 4000}"
        backend.patch_volume(volume["uuid"], junction_path=path, export_policy="&" * 256)
    for thing in (backend, backend.volumes()):
        cells = [cell for row in page(thing).rows for cell in row]
        assert max(map(len, cells)) == 60
        assert all(cell.endswith("…") for cell in cells if len(cell) == 60)
    lines = page(backend).texts["pre"].split("\n")
    assert max(map(len, lines)) == 100
    assert lines[-1] == "… 20 more lines, see tree()"


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 12, 500])
def test_the_first_and_the_last_rows_are_shown(backend: MemBackend, count: int) -> None:
    uuids = backend.create_volumes([f"v{number}" for number in range(count)])
    table = backend.volumes()
    assert page(table).texts["div"] == f"Table of volumes: {count} row{'s' * (count != 1)}"
    assert page(uuids).texts["div"] == f"Uuids: {count} item{'s' * (count != 1)}"
    places = [*range(count)] if count <= 10 else [*range(5), None, *range(count - 5, count)]
    for thing, column in ((table, "uuid"), (uuids, "uuid")):
        head, *rows = page(thing).rows or [["", column]]
        assert head[1:] == (list(table.column_names) if thing is table and count else [column])
        expected = [("…", "…") if n is None else (str(n), uuids[n]) for n in places]
        assert [(row[0], row[head.index(column)]) for row in rows] == expected


@pytest.mark.parametrize("count", [0, 1, 10, 11])
def test_a_backend_shows_its_first_volumes(backend: MemBackend, count: int) -> None:
    backend.create_volumes([f"v{number}" for number in range(count)])
    rows = [row[:2] for row in page(backend).rows[1:]]
    assert rows == [[str(n), f"v{n}"] for n in range(min(count, 10))] + [["…", "…"]] * (count > 10)


def test_a_table_of_snapshots_shows_its_columns(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    shown = page(backend.snapshots())
    assert shown.texts["div"] == "Table of snapshots: 1 row"
    assert dict(zip(*shown.rows, strict=True)) == {
        "": "0",
        "volume_uuid": volume["uuid"],
        "volume": "v",
        "uuid": snapshot["uuid"],
        "name": "s",
        "create_time": "2000-01-01T00:00:00Z",
        "size_consumed": "0",
        "expires_at": "",
    }


def test_a_volume_of_many_snapshots_and_a_snapshot_of_many_clones_are_cut(
    backend: MemBackend,
) -> None:
    volume, [snapshot, *_] = volume_with_snapshots(backend, "v", *(f"s{n}" for n in range(100)))
    backend.create_clones(volume["uuid"], snapshot["uuid"], [f"c{n}" for n in range(100)])
    *lines, last = page(backend).texts["pre"].split("\n")
    assert lines == backend.tree().splitlines()[:40]
    assert last == "… 161 more lines, see tree()"


@pytest.mark.parametrize("of", ["backend", "table", "uuids"])
def test_the_html_of_many_volumes_is_as_long_as_of_few(of: str) -> None:
    sizes = []
    for count in (100, 100_000):
        backend = MemBackend(seed=1)
        uuids: Uuids = backend.create_volumes([f"v{number:06}" for number in range(count)])
        things: dict[str, MemBackend | Table[Any] | Uuids] = {
            "backend": backend,
            "table": backend.volumes(),
            "uuids": uuids,
        }
        sizes.append(len(things[of]._repr_html_()))
    assert abs(sizes[0] - sizes[1]) < 50
