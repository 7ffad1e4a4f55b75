"""The pytest plugin: a seeded backend for each test, and its state in the report of a failure."""

from __future__ import annotations

import re
import subprocess
import sys

import nessie_backend_mem.faults  # noqa: F401 (pytester forgets what its runs import)
import pytest
from nessie_backend_mem import MemBackend
from support import run_python

pytest_plugins = ["pytester"]

PRINTS_IDENTIFIERS = """
    import pytest

    @pytest.mark.parametrize("which", ["x", "y"])
    def test_one(mem_backend, which):
        print("uuid", which, mem_backend.create_volume("v")["uuid"])

    class TestInAClass:
        def test_one(self, mem_backend):
            print("uuid class", mem_backend.create_volume("v")["uuid"])
"""
FAILS = """
    def test_fails(mem_backend):
        volume = mem_backend.create_volume("kept-in-mind", 5)
        mem_backend.create_snapshot(volume["uuid"], "nightly")
        mem_backend.advance(60)
        assert False
"""


def identifiers(result: pytest.RunResult) -> list[str]:
    """The output of the tests of PRINTS_IDENTIFIERS, which run with ``-s``."""
    assert result.ret == 0
    return sorted(re.findall("uuid .*", result.stdout.str()))


def sections(result: pytest.RunResult) -> list[str]:
    """The parts of the output about a backend, each from its title to the next one."""
    return re.findall(
        r"^-+ mem_backend -+\n(.*?)(?=^[-=_]{3,})", result.stdout.str(), re.MULTILINE | re.DOTALL
    )


def test_each_test_has_a_fresh_empty_backend(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_empty(mem_backend, number):
            assert len(mem_backend) == 0
            assert mem_backend.now() == "2000-01-01T00:00:00Z"
            mem_backend.create_volume("v")
            mem_backend.advance(1)
    """)
    pytester.runpytest().assert_outcomes(passed=3)


def test_identifiers_are_the_same_on_every_run_and_others_in_every_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(PRINTS_IDENTIFIERS)
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    first = identifiers(pytester.runpytest_subprocess("-s"))
    monkeypatch.setenv("PYTHONHASHSEED", "2")
    assert identifiers(pytester.runpytest_subprocess("-s", "-p", "no:randomly")) == first
    assert len({line.rpartition(" ")[2] for line in first}) == 3


def test_they_do_not_depend_on_other_tests(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile(PRINTS_IDENTIFIERS)
    everything = identifiers(pytester.runpytest("-s"))
    assert identifiers(pytester.runpytest("-s", f"{file.name}::TestInAClass")) == everything[:1]
    assert identifiers(pytester.runpytest("-s", f"{file.name}::test_one[y]")) == everything[2:]


def test_another_seed_gives_every_test_other_identifiers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PRINTS_IDENTIFIERS)
    usual = identifiers(pytester.runpytest("-s"))
    assert identifiers(pytester.runpytest("-s", "--nessie-seed=0")) == usual
    other = identifiers(pytester.runpytest("-s", "--nessie-seed=-7"))
    assert len({*usual, *other}) == 6
    assert identifiers(pytester.runpytest("-s", "--nessie-seed=-7")) == other


def test_a_suffix_of_the_node_id_changes_nothing(pytester: pytest.Pytester) -> None:
    """Running tests in groups, on several processes, marks their ids."""
    pytester.makepyfile(PRINTS_IDENTIFIERS)
    usual = identifiers(pytester.runpytest("-s"))
    pytester.makeconftest("""
        import pytest

        class Grouped(pytest.Function):
            @property
            def nodeid(self):
                return super().nodeid + "@group"

        def pytest_collection_modifyitems(items):
            for item in items:
                item.__class__ = Grouped
                assert item.nodeid.endswith("@group")
    """)
    assert identifiers(pytester.runpytest("-s")) == usual


def test_a_failure_shows_seed_tree_and_how_to_repeat_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_some=FAILS)
    result = pytester.runpytest("--nessie-seed=3")
    result.assert_outcomes(failed=1)
    [section] = sections(result)
    seed, repeat, shown, *tree = section.splitlines()
    assert repeat == "repeat: pytest --nessie-seed=3 test_some.py::test_fails"

    again = MemBackend(seed=int(seed.removeprefix("seed:")))
    volume = again.create_volume("kept-in-mind", 5)
    again.create_snapshot(volume["uuid"], "nightly")
    again.advance(60)
    assert shown == repr(again)
    assert tree == again.tree().splitlines()


def test_the_command_it_shows_repeats_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("text", ["with space and 'quotes'; $HOME"])
        def test_of(mem_backend, text):
            assert not mem_backend.create_volume("v")
    """)
    [section] = sections(pytester.runpytest("--nessie-seed=9"))
    command = section.splitlines()[1].removeprefix("repeat: pytest ")
    done = subprocess.run(
        f"{sys.executable} -m pytest {command}",
        shell=True,
        cwd=pytester.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed" in done.stdout
    assert section.splitlines()[0] in done.stdout


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("pass", {"passed": 1}),
        ("pytest.skip('no')", {"skipped": 1}),
        ("pytest.xfail('known')", {"xfailed": 1}),
    ],
)
def test_a_test_that_does_not_fail_shows_nothing(
    pytester: pytest.Pytester, body: str, outcome: dict[str, int]
) -> None:
    pytester.makepyfile(f"""
        import pytest

        def test_it(mem_backend):
            mem_backend.create_volume("v")
            {body}
    """)
    result = pytester.runpytest("-rA")
    result.assert_outcomes(**outcome)
    assert sections(result) == []


def test_a_failure_of_a_test_without_a_backend_shows_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): assert False")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    assert sections(result) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_fixture_that_fails_shows_the_backend_too(pytester: pytest.Pytester, moment: str) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.fixture
        def furnished(mem_backend):
            mem_backend.create_volume("furniture")
            assert {moment == "after"}
            yield
            assert False

        def test_it(furnished):
            pass
    """)
    [section] = sections(pytester.runpytest())
    assert "furniture" in section


def test_a_large_tree_is_cut(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_it(mem_backend):
            for number in range(300):
                mem_backend.create_volume(f"v{number}")
            assert False
    """)
    [section] = sections(pytester.runpytest())
    assert "\nv199  " in section
    assert "v200" not in section
    assert section.endswith("... and 100 lines more\n")


def test_the_seed_must_be_an_integer(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest("--nessie-seed=much")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--nessie-seed*invalid int value*"])


def test_fixture_and_option_are_in_the_help(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--help").stdout.fnmatch_lines(["*--nessie-seed=N*"])
    pytester.makepyfile("def test_it(): pass")
    fixtures = pytester.runpytest("--fixtures")
    fixtures.stdout.fnmatch_lines(["mem_backend -- *", "*derived from the name of the test*"])
    scopes = {"": "", "_module": " [[]module scope]", "_session": " [[]session scope]"}
    for kind in ("mem_backend", "ontap_server", "ontap_connection"):
        for twin, scope in scopes.items():
            fixtures.stdout.fnmatch_lines([f"{kind}{twin}{scope} -- *"])
    fixtures.stdout.fnmatch_lines(
        ["mem_backend_factory [[]session scope] -- *", "*make(name: str) -> MemBackend*"]
    )


def test_the_plugin_imports_nothing_but_pytest_and_the_package() -> None:
    program = """
import sys, pytest
before = set(sys.modules)
import nessie_backend_mem
package = set(sys.modules)
import nessie_backend_mem.pytest_plugin
print(sorted(set(sys.modules) - package - {"nessie_backend_mem.pytest_plugin"}))
"""
    done = run_python("-c", program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_a_test_can_run_once_for_each_conformance_case(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from nessie_backend_mem import MemBackend

        class VolumesOnly:
            def __init__(self):
                self.backend = MemBackend()

            def __getattr__(self, name):
                if "snapshot" in name or "clone" in name:
                    raise AttributeError(name)
                return getattr(self.backend, name)

            def capabilities(self):
                return dict.fromkeys(("snapshots", "clones", "replication"), False)

            def access_handle(self, uuid):
                self.backend.access_handle(uuid)
                return {"kind": "in_memory", "more": 5}

        def test_mine(conformance_case):
            conformance_case.check(VolumesOnly)
    """)
    result = pytester.runpytest("-k", "access or python or split", "-rA")
    result.stdout.fnmatch_lines_random(
        [
            "PASSED *::test_mine[[]python.results_are_fresh[]]",
            "SKIPPED * the backend does not advertise snapshots*",
            "FAILED *::test_mine[[]access.*",
            "*the key 'more'*",
        ]
    )
    assert "test_mine[split." not in "".join(
        line for line in result.outlines if line.startswith(("PASSED", "FAILED"))
    )


def test_each_test_has_its_own_ontap_server(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import socket
        import pytest

        used = []

        @pytest.mark.parametrize("number", range(2))
        def test_fresh(ontap_server, mem_backend, number):
            assert ontap_server.backend is mem_backend
            assert len(mem_backend) == 0
            assert ontap_server.is_running
            assert ontap_server.url.startswith("https://127.0.0.1:")
            mem_backend.create_volume("v")
            used.append((ontap_server.host, ontap_server.port))

        def test_over():
            for where in used:
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(where)
    """)
    pytester.runpytest().assert_outcomes(passed=3)


def test_the_sdk_is_connected_for_the_test(pytester: pytest.Pytester) -> None:
    pytest.importorskip("netapp_ontap")
    pytester.makepyfile("""
        from netapp_ontap import config
        from netapp_ontap.resources import Volume

        def test_connected(ontap_connection, ontap_server):
            assert config.CONNECTION is ontap_connection
            ontap_server.backend.create_volume("v", 2**30)
            assert [volume.name for volume in Volume.get_collection()] == ["v"]

        def test_over():
            assert config.CONNECTION is None
    """)
    result = pytester.runpytest_subprocess("-W", "error", "-W", "ignore::DeprecationWarning")
    result.assert_outcomes(passed=2)


def test_without_the_sdk_its_fixture_skips(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import sys; sys.modules['netapp_ontap'] = None")
    pytester.makepyfile("def test_skipped(ontap_connection): pass")
    pytester.runpytest().assert_outcomes(skipped=1)


# Twins of wider scope, and the factory --------------------------------------------------------

FIXTURES_OF_OTHER_SCOPES = """
    import pytest

    @pytest.fixture(scope="session")
    def of_session(mem_backend_session):
        mem_backend_session.create_volume("s")
        return mem_backend_session

    @pytest.fixture(scope="module")
    def of_module(mem_backend_module, of_session):
        assert mem_backend_module is not of_session
        mem_backend_module.create_volume("m")
        return mem_backend_module
"""
SHARES = """
    def test_first(of_module, of_session, mem_backend):
        print("uuid first", *(v["uuid"] for v in [*of_module, *of_session]))
        of_module.create_volume("left-by-the-first")
        mem_backend.create_volume("unseen-by-the-others")

    def test_second(of_module, of_session, mem_backend, mem_backend_module):
        print("uuid second", *(v["uuid"] for v in [*of_module, *of_session]))
        assert mem_backend_module is of_module
        assert len(mem_backend) == 0
"""


def test_module_and_session_fixtures_have_their_own_backends(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(FIXTURES_OF_OTHER_SCOPES)
    pytester.makepyfile(test_a=SHARES, test_b=SHARES)
    seen: dict[str, list[set[str]]] = {"first": [], "second": []}
    for line in identifiers(pytester.runpytest("-s")):
        _, test, *uuids = line.split()
        seen[test].append(set(uuids))
    [of_session] = seen["first"][0] & seen["first"][1]
    assert len(seen["first"][0] | seen["first"][1]) == 3
    for second in seen["second"]:
        assert of_session in second
        assert any(first < second for first in seen["first"])
        assert len(second) == 3


def test_their_identifiers_do_not_depend_on_other_tests(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(FIXTURES_OF_OTHER_SCOPES)
    pytester.makepyfile(test_a=SHARES, test_b=SHARES)
    beside = pytester.runpytest("-s", "test_b.py::test_first", "test_a.py::test_second")
    (_, _, *all_of_b) = min(identifiers(beside)).split()
    (alone,) = identifiers(pytester.runpytest("-s", "test_b.py::test_first"))
    assert alone.split()[2:] == all_of_b
    (other,) = identifiers(pytester.runpytest("-s", "test_b.py::test_first", "--nessie-seed=1"))
    assert not {*other.split()[2:]} & {*all_of_b}


def test_a_failure_shows_the_shared_backends_that_the_test_uses(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(FIXTURES_OF_OTHER_SCOPES)
    pytester.makepyfile(
        test_some="""
        def test_uses_both(of_module, mem_backend):
            assert False

        def test_uses_none():
            assert False
    """
    )
    result = pytester.runpytest("--nessie-seed=3")
    result.assert_outcomes(failed=2)
    titles = re.findall(r"^-+ (mem_backend\S*) -+$", result.stdout.str(), re.MULTILINE)
    assert titles == ["mem_backend_session", "mem_backend_module", "mem_backend"]
    result.stdout.fnmatch_lines(
        [
            "repeat: pytest --nessie-seed=3",
            "repeat: pytest --nessie-seed=3 test_some.py",
            "repeat: pytest --nessie-seed=3 test_some.py::test_uses_both",
        ]
    )


def test_the_factory_creates_a_backend_for_each_name_in_every_scope(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.fixture(scope="class")
        def golden(mem_backend_factory):
            return mem_backend_factory("golden")

        class TestOfTwo:
            def test_other_name(self, golden, mem_backend_factory, mem_backend):
                made = [golden, mem_backend_factory("other"), mem_backend]
                assert len({backend.create_volume("v")["uuid"] for backend in made}) == 3

            def test_same_name(self, golden, mem_backend_factory):
                again = mem_backend_factory("golden")
                assert len(again) == 0
                assert [again.create_volume("v")] == list(golden)
    """)
    pytester.runpytest().assert_outcomes(passed=2)
    pytester.runpytest("-k", "other_name").assert_outcomes(passed=1)


def test_a_failure_shows_the_backends_of_the_factory(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_some="""
        def test_passes(mem_backend_factory):
            mem_backend_factory("unseen")

        def test_fails(mem_backend_factory):
            mem_backend_factory("source").create_volume("at-the-source")
            mem_backend_factory("target")
            assert False
    """
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- mem_backend_factory('source') -*",
            "repeat: pytest --nessie-seed=0 test_some.py::test_fails",
            "*at-the-source*",
            "*- mem_backend_factory('target') -*",
        ]
    )
    result.stdout.no_fnmatch_line("*unseen*")


def test_module_and_session_have_their_own_servers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_first(
            ontap_server_module, mem_backend_module, ontap_server_session, mem_backend_session
        ):
            assert ontap_server_module.backend is mem_backend_module
            assert ontap_server_session.backend is mem_backend_session
            mem_backend_module.create_volume("left-by-the-first")

        def test_second(ontap_server_module, ontap_server_session):
            assert [v["name"] for v in ontap_server_module.backend] == ["left-by-the-first"]
            assert ontap_server_module.is_running
            assert ontap_server_session.port != ontap_server_module.port
    """)
    pytester.runpytest().assert_outcomes(passed=2)


# Faults ---------------------------------------------------------------------------------------

FAULTY = """
    import pytest
    from nessie_backend_mem import Fault, NessieError
    from nessie_backend_mem.pytest_plugin import UnusedFaultWarning

    LOST = Fault("create_snapshot", error="timeout", times=1)
"""


def test_a_marker_installs_faults_in_the_backend_of_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        FAULTY
        + """
    @pytest.fixture
    def volume(mem_backend):
        uuid = mem_backend.create_volume("v")["uuid"]
        mem_backend.create_snapshot(uuid, "of the fixture".replace(" ", "-"))
        yield uuid
        mem_backend.create_snapshot(uuid, "after-the-test")

    @pytest.mark.nessie_faults(LOST)
    def test_hit(volume, mem_backend, nessie_faults):
        with pytest.raises(TimeoutError):
            mem_backend.create_snapshot(volume, "s")
        mem_backend.create_snapshot(volume, "s")
        assert [hit["name"] for hit in nessie_faults.hits] == ["s"]

    @pytest.mark.nessie_faults(LOST)
    def test_hit_without_the_plan(volume, mem_backend):
        with pytest.raises(TimeoutError):
            mem_backend.create_snapshot(volume, "s")

    @pytest.mark.nessie_faults(LOST)
    def test_hit_with_the_plan_first(nessie_faults, volume, mem_backend):
        with pytest.raises(TimeoutError):
            mem_backend.create_snapshot(volume, "s")

    @pytest.mark.parametrize("is_hit", [
        False, pytest.param(True, marks=pytest.mark.nessie_faults(LOST)),
    ])
    def test_one_of_two(volume, mem_backend, is_hit):
        if is_hit:
            with pytest.raises(TimeoutError):
                mem_backend.create_snapshot(volume, "s")
        mem_backend.create_snapshot(volume, "s")

    @pytest.mark.nessie_faults(Fault("space", delay=1))
    class TestOfAClass:
        @pytest.mark.nessie_faults(Fault("space", error="substrate"))
        def test_both(self, mem_backend, nessie_faults):
            assert [fault.delay for fault in nessie_faults.faults] == [1, None]
            with pytest.raises(NessieError):
                mem_backend.space()

    @pytest.mark.nessie_faults(Fault("space", error="substrate"))
    def test_of_the_module(mem_backend_module):
        with pytest.raises(NessieError):
            mem_backend_module.space()

    def test_of_the_module_later(mem_backend_module):
        mem_backend_module.space()

    @pytest.mark.nessie_faults(Fault("list_volumes", error="timeout"))
    def test_endpoint(ontap_server, mem_backend):
        with pytest.raises(TimeoutError):
            ontap_server.backend.list_volumes()
"""
    )
    result = pytester.runpytest("--strict-markers", "-W", "error")
    result.assert_outcomes(passed=9)


def test_the_report_of_a_failure_shows_hits_and_the_last_events(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        FAULTY
        + """
    @pytest.mark.nessie_faults(LOST, Fault("space"))
    def test_fails(mem_backend):
        for number in range(30):
            mem_backend.create_volume(f"v{number}")
        mem_backend.create_snapshot(mem_backend.find_volume("v0")["uuid"], "s")

    def test_with_a_log(mem_backend, nessie_events):
        mem_backend.create_volume("only")
        assert len(nessie_events) == 5
"""
    )
    result = pytester.runpytest("-k", "test_fails")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- nessie_faults -*",
            "Fault('create_snapshot', error='timeout', times=1): 1 hit",
            "    2000-01-01T00:00:00Z create_snapshot s",
            "Fault('space'): 0 hits",
            "*- nessie_events -*",
            "the last 20 of 31 events:",
            "   11  2000-01-01T00:00:00Z  create_volume(name='v11')",
            "   30  *create_snapshot(vol_uuid='*', name='s'): timeout, by a fault before it",
        ]
    )
    result = pytester.runpytest("-k", "test_with_a_log")
    result.stdout.fnmatch_lines(["*- nessie_events -*", "all events:", "*create_volume*'only'*"])
    result.stdout.no_fnmatch_line("*nessie_faults*")


def test_a_fault_that_matches_nothing_is_a_warning(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        FAULTY
        + """
    @pytest.mark.nessie_faults(LOST, Fault("list_volumes", error="timeout", after=5))
    def test_passes(mem_backend):
        mem_backend.list_volumes()

    @pytest.mark.nessie_faults(LOST)
    def test_skips(mem_backend):
        pytest.skip("no")
"""
    )
    category = "nessie_backend_mem.pytest_plugin.UnusedFaultWarning"
    result = pytester.runpytest("-W", f"default::{category}")
    result.assert_outcomes(passed=1, skipped=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*UnusedFaultWarning: no call has matched Fault('create_snapshot', error='timeout'*"]
    )
    strict = pytester.runpytest("-W", f"error::{category}")
    strict.assert_outcomes(passed=1, skipped=1, errors=1)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("nessie_faults", "takes one or more objects of nessie_backend_mem.Fault"),
        ("nessie_faults('create_volume')", "Fault, not 'create_volume'"),
        ("nessie_faults(LOST, times=5)", "Fault, not times=5"),
        ("nessie_faults([LOST])", "Fault, not [[]Fault('create_snapshot'*"),
    ],
)
def test_wrong_arguments_of_the_marker_are_a_usage_error(
    pytester: pytest.Pytester, marker: str, message: str
) -> None:
    pytester.makepyfile(
        test_some=f"{FAULTY}\n    @pytest.mark.{marker}\n    def test_it(mem_backend): pass\n"
    )
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*test_some.py::test_it: the marker nessie_faults*{message}*"])


def test_a_marker_without_a_backend_is_a_usage_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"{FAULTY}\n    @pytest.mark.nessie_faults(LOST)\n    def test_it(): pass\n"
    )
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*needs a test that uses one of the fixtures mem_backend, *"])


def test_the_marker_is_listed(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--markers").stdout.fnmatch_lines(
        ["@pytest.mark.nessie_faults(*faults): install faults, *"]
    )


# Conformance ----------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["run_all_of_it", "check", "raise_for_failures"])
def test_a_conformance_failure_shows_no_frame_of_the_suite(
    pytester: pytest.Pytester, call: str
) -> None:
    pytester.makepyfile(f"""
        from nessie_backend_mem import MemBackend
        from nessie_backend_mem.conformance import cases, run, run_all

        class Odd:
            def __init__(self):
                self.real = MemBackend()

            def __getattr__(self, name):
                return getattr(self.real, name)

            def access_handle(self, uuid):
                return {{"kind": "in_memory", "more": 5}}

        (case,) = [case for case in cases() if case.name.startswith("access")][:1]

        def run_all_of_it():
            run_all(Odd, cases=[case.name])

        def check():
            case.check(Odd)

        def raise_for_failures():
            run(Odd, cases=[case.name]).raise_for_failures()

        def test_it():
            {call}()
    """)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ConformanceError:*", "*the key 'more'*"])
    result.stdout.no_fnmatch_line("*nessie_backend_mem/conformance*")
    result.stdout.no_fnmatch_line("*__tracebackhide__*")


def test_another_error_of_the_suite_shows_its_origin(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from nessie_backend_mem.conformance import run_all

        def test_it():
            run_all(object())
    """)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*conformance/__init__.py*"])
