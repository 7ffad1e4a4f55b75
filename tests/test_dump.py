"""Dumps: a backend as a readable text file, and back; complete, or not at all."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import InvalidArgumentError, MemBackend
from support import everything, run_python
from test_copies import BACKENDS, go_on, populate

kinds = pytest.mark.parametrize("make", BACKENDS.values(), ids=BACKENDS)
MANY = 40_000
"""More records than between two calls of `progress`."""


def dumped(backend: MemBackend) -> bytes:
    file = io.BytesIO()
    backend.dump(file)
    return file.getvalue()


def loaded(text: bytes) -> MemBackend:
    return MemBackend.load(io.BytesIO(text))


@pytest.fixture(scope="module", name="big")
def big_backend() -> MemBackend:
    backend = MemBackend(seed=1)
    backend.create_volumes([f"v{number}" for number in range(MANY)])
    return backend


# Written and read -----------------------------------------------------------------------------


@kinds
def test_a_loaded_backend_is_the_same_and_behaves_the_same(
    make: Callable[[], MemBackend], tmp_path: Path
) -> None:
    backend = populate(make())
    path = tmp_path / "backend.jsonl"
    backend.dump(path)
    again = MemBackend.load(path)
    assert type(again) is MemBackend
    assert everything(again) == everything(backend)
    assert repr(again) == repr(backend)
    assert dumped(again) == path.read_bytes()
    assert again.state_digest() == backend.state_digest()
    again.check_invariants()
    assert go_on(again) == go_on(backend)


def test_every_line_is_json_with_its_kind() -> None:
    backend = populate(MemBackend(seed=1))
    lines = [json.loads(line) for line in dumped(backend).decode().splitlines()]
    kinds_in_order = [next(iter(line)) for line in lines]
    assert kinds_in_order[0] == "format"
    assert kinds_in_order[-1] == "checksum"
    header = lines[0]
    assert header["version"] == 2
    assert header["seed"] == 1
    assert header["volumes"] == kinds_in_order.count("volume") == len(backend)
    assert header["snapshots"] == kinds_in_order.count("snapshot")
    assert set(kinds_in_order) == {"format", "volume", "snapshot", "checksum"}
    volumes = [line for line in lines if "volume" in line]
    for line, volume in zip(volumes, backend, strict=True):
        assert line["volume"] == volume["uuid"]
        for key in ("name", "size_bytes", "state", "vol_type", "create_time"):
            assert line[key] == volume[key]
        for key in ("junction_path", "export_policy"):
            assert line.get(key) == volume.get(key)
        origin = volume.get("clone")
        assert line.get("clone_of") == (origin and origin["parent_snapshot_uuid"])


@pytest.mark.parametrize("name", ["plain", "with space é", "x" * 200])
@pytest.mark.parametrize("spell", [str, Path], ids=["str", "path"])
def test_paths_are_text_or_path_like(
    name: str, spell: Callable[[Path], str | Path], tmp_path: Path
) -> None:
    path = tmp_path / name
    MemBackend(seed=1).dump(spell(path))
    assert len(MemBackend.load(spell(path))) == 0
    assert os.listdir(tmp_path) == [name]  # noqa: PTH208


def test_a_relative_path_starts_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    MemBackend(seed=1).dump("here")
    assert len(MemBackend.load("here")) == 0


def test_any_binary_file_object_is_accepted() -> None:
    class Sink:
        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def write(self, data: bytes) -> None:
            self.parts.append(data)

    class Source:
        """Returns a few bytes at a time."""

        def __init__(self, text: bytes) -> None:
            self.inner = io.BytesIO(text)

        def read(self, count: int) -> bytes:
            return self.inner.read(min(count, 7))

    backend = populate(MemBackend(seed=1))
    sink = Sink()
    backend.dump(sink)
    assert b"".join(sink.parts) == dumped(backend)
    assert everything(MemBackend.load(Source(dumped(backend)))) == everything(backend)


def test_a_text_file_is_a_type_error(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="binary mode"):
        MemBackend().dump(io.StringIO())  # type: ignore[arg-type]
    path = tmp_path / "text"
    path.write_text("")
    with path.open() as file, pytest.raises(TypeError, match="binary mode"):
        MemBackend.load(file)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [None, 5, [], b"path", object()])
def test_another_type_than_path_or_file_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError, match="path_or_file"):
        MemBackend().dump(wrong)
    with pytest.raises(TypeError, match="path_or_file"):
        MemBackend.load(wrong)


@pytest.mark.parametrize("path", ["nu\0ll", "lone \ud800 surrogate"])
def test_text_that_is_not_a_path_is_an_invalid_argument(path: str) -> None:
    for call in (MemBackend().dump, MemBackend.load):
        with pytest.raises(InvalidArgumentError) as caught:
            call(path)
        assert caught.value.target == "path_or_file"


@given(noise=st.binary(max_size=200), at=st.integers(0, 10_000))
def test_random_bytes_are_refused_anywhere(noise: bytes, at: int) -> None:
    text = dumped(populate(MemBackend(seed=1)))
    at %= len(text)
    damaged = text[:at] + noise + text[at + len(noise) :]
    for foreign in (noise, damaged):
        # The end may have other white space.
        if foreign.rstrip() != text.rstrip():
            with pytest.raises(InvalidArgumentError):
                loaded(foreign)


def test_a_progress_that_cannot_be_called_is_a_type_error(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="progress"):
        MemBackend().dump(tmp_path / "x", progress=5)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


# Files that stay as they were -----------------------------------------------------------------


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "backend"
    path.write_bytes(b"old")
    path.chmod(0o640)
    MemBackend(seed=1).dump(path)
    assert len(MemBackend.load(path)) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_kept_and_its_target_is_replaced(tmp_path: Path) -> None:
    path, link = tmp_path / "backend", tmp_path / "link"
    path.write_bytes(b"old")
    link.symlink_to(path)
    MemBackend(seed=1).dump(link)
    assert link.is_symlink()
    assert len(MemBackend.load(path)) == 0


@pytest.mark.parametrize("links", [["made"], ["sub/made"], ["second", "sub/made"]], ids=str)
def test_a_dangling_link_is_kept_and_its_target_is_created(
    links: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    names = ["first", *links]
    for name, leads_to in zip(names, links, strict=False):
        (tmp_path / name).symlink_to(leads_to)
    monkeypatch.chdir(tmp_path)
    MemBackend(seed=1).dump("first")
    assert all((tmp_path / name).is_symlink() for name in names[:-1])
    made = tmp_path / names[-1]
    assert not made.is_symlink()
    assert len(MemBackend.load(made)) == 0


def test_links_in_a_circle_are_an_os_error(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(OSError, match="link") as caught:
        MemBackend().dump(link)
    assert caught.value.errno == errno.ELOOP
    assert link.is_symlink()


@pytest.fixture(name="umask")
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(("before", "mode"), [(None, 0o644), (0o600, 0o600), (0o664, 0o664)])
def test_a_dump_has_its_permissions_while_it_is_written(
    before: int | None, mode: int, tmp_path: Path, big: MemBackend
) -> None:
    path = tmp_path / "backend"
    if before is not None:
        path.write_bytes(b"old")
        path.chmod(before)
    seen: set[int] = set()

    def look(*_: int) -> None:
        seen.update(stat.S_IMODE(p.stat().st_mode) for p in tmp_path.glob(".backend.*.partial"))

    big.dump(path, progress=look)
    assert seen == {mode}
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_the_next_dump_deletes_the_temporary_file_of_a_killed_one(
    tmp_path: Path, big: MemBackend
) -> None:
    path = tmp_path / "backend"
    others = [".backend.short.partial", ".other.0123456789ab.partial", ".backend.0123456789ab.part"]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    program = f"""
import os, signal
from nessie_backend_mem import MemBackend
backend = MemBackend(seed=1)
backend.create_volumes([f"v{{n}}" for n in range({MANY})])
backend.dump({str(path)!r}, progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""
    assert run_python("-c", program).returncode == -signal.SIGKILL
    [left] = set(os.listdir(tmp_path)) - set(others)  # noqa: PTH208
    assert left.startswith(".backend.")

    def dump_beside(done: int, total: int) -> None:
        """The temporary file of a running dump is not deleted."""
        if done < total:
            MemBackend(seed=2).dump(path)

    big.dump(path, progress=dump_beside)
    assert len(MemBackend.load(path)) == MANY
    assert set(os.listdir(tmp_path)) == {"backend", *others}  # noqa: PTH208


@pytest.mark.parametrize("raised", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_of_progress_leaves_no_file(
    raised: type[BaseException], tmp_path: Path, big: MemBackend
) -> None:
    path = tmp_path / "backend"
    path.write_bytes(b"old")

    def stop(done: int, total: int) -> None:
        assert 0 < done < total == MANY
        raise raised

    with pytest.raises(raised):
        big.dump(path, progress=stop)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(raised):
        MemBackend.load(io.BytesIO(dumped(big)), progress=stop)


def test_progress_grows_to_the_total(big: MemBackend) -> None:
    calls: list[tuple[int, int]] = []
    text = io.BytesIO()
    big.dump(text, progress=lambda done, total: calls.append((done, total)))
    assert len(calls) > 1
    assert calls == sorted(calls)
    assert calls[-1] == (MANY, MANY)
    text.seek(0)
    again: list[tuple[int, int]] = []
    MemBackend.load(text, progress=lambda done, total: again.append((done, total)))
    assert again == calls


def test_an_exception_of_a_file_is_raised() -> None:
    class Broken:
        def write(self, _: bytes) -> int:
            raise ZeroDivisionError

        read = write

    with pytest.raises(ZeroDivisionError):
        MemBackend().dump(Broken())
    with pytest.raises(ZeroDivisionError):
        MemBackend.load(Broken())  # type: ignore[arg-type]


def test_a_path_that_cannot_be_used_is_an_os_error_that_names_it(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "where"
    with pytest.raises(FileNotFoundError) as caught:
        MemBackend.load(missing)
    assert Path(caught.value.filename) == missing
    with pytest.raises(FileNotFoundError):
        MemBackend().dump(missing)
    with pytest.raises(IsADirectoryError):
        MemBackend().dump(tmp_path)


class Named:
    """A path that is neither text nor of the standard library."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return self.path


@pytest.mark.parametrize("spell", [str, Path, Named])
def test_an_os_error_has_the_path_as_it_was_given(
    spell: Callable[[str], Any], tmp_path: Path
) -> None:
    path = spell(str(tmp_path / "no" / "where"))
    for call in (MemBackend().dump, MemBackend.load):
        with pytest.raises(FileNotFoundError) as caught:
            call(path)
        assert caught.value.filename is path


@pytest.mark.parametrize("count", [-1, 10**6, 2**63, 2**100, -(2**100)], ids=str)
def test_an_impossible_number_of_written_bytes_is_an_os_error(count: int) -> None:
    class File:
        def write(self, _: bytes) -> int:
            return count

    with pytest.raises(OSError, match=f"returned {count}"):
        MemBackend().dump(File())


def test_a_write_that_does_not_return_an_integer_is_a_type_error() -> None:
    class File:
        def write(self, _: bytes) -> str:
            return "all"

    with pytest.raises(TypeError, match="int or None, not str"):
        MemBackend().dump(File())


def test_a_raw_file_that_would_block_is_an_error() -> None:
    """From a raw file, None means that writing would block."""

    class Full(io.RawIOBase):
        def write(self, _: Any, /) -> None:
            return None

    with pytest.raises(BlockingIOError):
        MemBackend().dump(Full())


def test_a_compressed_dump_is_recognized_and_read_through_a_decompressing_file(
    tmp_path: Path,
) -> None:
    backend = populate(MemBackend(seed=1))
    path = tmp_path / "backend.gz"
    with gzip.open(path, "wb") as packed:
        backend.dump(packed)
    with pytest.raises(InvalidArgumentError, match="compressed by gzip"):
        MemBackend.load(path)
    with gzip.open(path) as packed:
        assert everything(MemBackend.load(packed)) == everything(backend)


@given(
    end=st.sampled_from([b"\n", b"\r\n"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    tail=st.text("\n\r\t ", max_size=4),
)
def test_a_dump_changed_by_git_or_an_editor_is_read(end: bytes, mark: bytes, tail: str) -> None:
    text = dumped(populate(MemBackend(seed=1)))
    changed = mark + text.rstrip().replace(b"\n", end) + end[: len(tail)] + tail.encode()
    assert dumped(loaded(changed)) == text


def test_ctrl_c_ends_a_dump(tmp_path: Path) -> None:
    program = f"""
import os, signal
from nessie_backend_mem import MemBackend
backend = MemBackend(seed=1)
backend.create_volumes([f"v{{n}}" for n in range({MANY})])
class File:
    def write(self, data):
        os.kill(os.getpid(), signal.SIGINT)
        return len(data)
try:
    backend.dump(File())
except KeyboardInterrupt:
    print("interrupted")
"""
    done = run_python("-c", program, cwd=tmp_path)
    assert done.stdout == "interrupted\n", done.stderr


def test_other_threads_use_the_backend_meanwhile(big: MemBackend) -> None:
    """The dump has the state at the time of the call."""
    backend = big.fork()
    before = dumped(backend)

    class File(io.BytesIO):
        def write(self, data: Any, /) -> int:
            thread = threading.Thread(target=backend.create_volume, args=(f"during-{self.tell()}",))
            thread.start()
            thread.join(timeout=60)
            return super().write(data)

    file = File()
    backend.dump(file)
    assert file.getvalue() == before
    assert len(backend) > MANY


# Files that are refused -----------------------------------------------------------------------


def test_a_dump_cut_short_or_altered_is_refused(tmp_path: Path) -> None:
    text = dumped(populate(MemBackend(seed=1)))
    path = tmp_path / "damaged"
    for length in range(0, len(text) - 1, 7):
        path.write_bytes(text[:length])
        with pytest.raises(InvalidArgumentError) as caught:
            MemBackend.load(path)
        assert caught.value.target == "path_or_file"
    for place in range(0, len(text), 11):
        altered = bytearray(text)
        altered[place] ^= 1
        with pytest.raises(InvalidArgumentError):
            loaded(bytes(altered))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "empty"),
        (b"\x80\x04\x95", "not the beginning of a dump"),
        (b'{"a": 1}\n', "not the beginning of a dump"),
        (b"x" * 2**25, "too long|not the beginning"),
    ],
    ids=["empty", "pickle", "json", "long"],
)
def test_foreign_files_are_refused(text: bytes, reason: str) -> None:
    with pytest.raises(InvalidArgumentError, match=reason):
        loaded(text)


def test_a_newer_version_is_refused_by_name() -> None:
    text = dumped(MemBackend(seed=1)).replace(b'"version":2', b'"version":3')
    with pytest.raises(InvalidArgumentError, match="version 3, newer than"):
        loaded(text)


def test_a_dump_of_0_4_0_is_refused_by_name() -> None:
    text = b'{"format":"nessie-backend-mem","version":1,"volumes":0,"snapshots":0,"vacant":0}\n'
    with pytest.raises(InvalidArgumentError, match=r"written by nessie-backend-mem 0\.4\.0"):
        loaded(text)


def test_the_line_that_is_wrong_is_named() -> None:
    text = dumped(populate(MemBackend(seed=1))).splitlines(keepends=True)
    [number] = [n for n, line in enumerate(text, 1) if b'"name":"offline"' in line]
    text[number - 1] = text[number - 1].replace(b'"offline"', b'"off/line"', 1)
    with pytest.raises(InvalidArgumentError, match=f"line {number}: name"):
        loaded(b"".join(text))


# Digest and reset -----------------------------------------------------------------------------


def test_a_digest_is_the_same_for_the_same_history_on_every_machine() -> None:
    digest = populate(MemBackend(seed=1)).state_digest()
    assert digest == populate(MemBackend(seed=1)).state_digest()
    assert digest == "06b559245afda587f0844b3e6d51bb2b"


@kinds
def test_a_digest_follows_the_state(make: Callable[[], MemBackend]) -> None:
    backend = populate(make())
    fork = backend.fork()
    assert fork.state_digest() == backend.state_digest()
    backend.now()
    assert fork.state_digest() == backend.state_digest()
    fork.delete_volume(fork.create_volume("x")["uuid"])
    assert fork.list_volumes() == backend.list_volumes()
    assert fork.state_digest() != backend.state_digest()  # the next identifiers differ


@pytest.mark.parametrize("options", [{"seed": 1}, {"seed": 1, "start": "2020-01-01T00:00:00Z"}])
def test_a_reset_backend_repeats_itself(options: dict[str, Any]) -> None:
    backend = MemBackend(**options)
    fresh = dumped(backend)
    populate(backend)
    backend.advance(5)
    again = loaded(dumped(backend))
    for each in (backend, again):
        each.reset()
        assert dumped(each) == fresh
        each.check_invariants()
    assert everything(populate(backend)) == everything(populate(MemBackend(**options)))


def test_a_reset_backend_without_a_seed_generates_new_identifiers() -> None:
    backend = MemBackend(start="2020-01-01T00:00:00Z")
    before = backend.create_volume("v")["uuid"]
    backend.advance(5)
    backend.reset()
    assert backend.now() == "2020-01-01T00:00:00Z"
    assert before not in backend
    assert backend.create_volume("v")["uuid"] != before


def test_a_reset_does_not_change_copies() -> None:
    backend = populate(MemBackend(seed=1))
    fork, listing = backend.fork(), iter(backend)
    expected = everything(fork)
    backend.reset()
    assert everything(fork) == expected
    assert len(list(listing)) == len(fork)


def binary(file: BinaryIO) -> BinaryIO:
    """Files as the standard library opens them are accepted by a type checker."""
    MemBackend().dump(file)
    return file


def test_an_open_file_is_written_from_its_position(tmp_path: Path) -> None:
    path = tmp_path / "many"
    with path.open("wb") as file:
        file.write(b"before\n")
        binary(file)
    with path.open("rb") as reading:
        reading.readline()
        assert len(MemBackend.load(reading)) == 0
