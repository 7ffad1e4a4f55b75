"""The NetApp SDK waits for jobs that end immediately, late, with an error or never."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.sdk import (
    Job,
    NetAppRestError,
    Snapshot,
    Volume,
    listed,
    make,
    make_clone,
    make_snapshot,
    refusal,
    volume,
)

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def job_of(response: Any) -> Any:
    return Job(uuid=response.http_response.json()["job"]["uuid"])


@pytest.mark.usefixtures("connection")
def test_a_job_that_succeeded_has_its_description() -> None:
    made = volume("v1")
    job = job_of(made.post(poll=False))
    job.get(fields="**")
    assert (job.state, job.message, job.code) == ("success", "success", 0)
    assert job.description == f"POST /api/storage/volumes/{made.uuid}"
    assert job.start_time <= job.end_time
    assert job.svm.name == "svm1"
    assert job.node.name == "node1"
    assert "error" not in job.to_dict()
    assert job.uuid in [found.uuid for found in Job.get_collection()]


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize("action", ["cancel", "pause", "resume"])
def test_a_job_that_has_ended_cannot_be_stopped(action: str) -> None:
    job = job_of(volume("v1").post(poll=False))
    job.get()
    assert refusal(lambda: job.patch(action=action)) == (409, "458762")


@pytest.mark.usefixtures("connection")
def test_a_failed_job_has_the_reason_and_changes_nothing(server: OntapServer) -> None:
    make("v1")
    with pytest.raises(NetAppRestError, match="Job failed: ") as caught:
        volume("v1").post()
    assert (caught.value.status_code, caught.value.response_body) == (None, None)
    (job,) = Job.get_collection(state="failure", fields="**")
    assert (job.code, job.error.code) == (917526, "917526")
    assert job.message == job.error.message
    assert job.message in str(caught.value)
    assert len(server.backend) == 1


@pytest.mark.usefixtures("connection")
def test_refusals_of_the_storage_become_failed_jobs() -> None:
    parent = make("v1", nas={"path": "/v1"})
    make_clone(parent, "c1", make_snapshot(parent, "s1").name)
    taken = Snapshot.find(parent.uuid, name="s1")
    refused = [
        (volume("v2", size=1).post, {917534}),
        (volume("v2", nas={"path": "/v1"}).post, {918252}),
        (Snapshot(parent.uuid, name="s1").post, {525059}),
        (taken.delete, {1638555, 1638543}),
        (parent.delete, {524615, 460770}),
    ]
    for count, (call, codes) in enumerate(refused, 1):
        with pytest.raises(NetAppRestError, match="Job failed: "):
            call()
        jobs = list(Job.get_collection(state="failure", fields="code"))
        assert len(jobs) == count
        assert {job.code for job in jobs} & codes
    assert listed() == ["c1", "v1"]


@pytest.mark.usefixtures("connection")
def test_an_unknown_job_is_not_found() -> None:
    assert refusal(Job(uuid=UNKNOWN).get) == (404, "4")


def test_a_job_that_ends_after_some_polls(serve: Serve, connect: Any) -> None:
    connect(serve(tls=False, job_polls=3))
    job = job_of(volume("v1").post(poll=False))
    states = []
    for _ in range(4):
        job.get(fields="state")
        states.append(job.state)
    assert states[-1] == "success"
    assert "success" not in states[:2]
    assert set(states[:-1]) <= {"queued", "running", "success"}
    made = volume("v2")
    made.post(hydrate=True)
    assert made.state == "online"


def test_a_job_that_ends_after_some_time(serve: Serve, connect: Any) -> None:
    backend = MemBackend(seed=1)
    connect(serve(backend, tls=False, job_seconds=2))
    job = job_of(volume("v1").post(poll=False))
    for seconds, state in ((0, None), (1.9, None), (0.2, "success")):
        backend.advance(seconds)
        job.get(fields="state,end_time")
        assert job.state == state or (state is None and job.state in {"queued", "running"})
        assert ("end_time" in job.to_dict()) is (state == "success")


def test_a_timeout_of_a_wait_is_reported(serve: Serve, connect: Any) -> None:
    connect(serve(MemBackend(seed=1), tls=False, job_seconds=3600))
    with pytest.raises(NetAppRestError, match="Polling timed out after"):
        volume("v1").post(poll_timeout=1, poll_interval=0.2)


def test_a_late_failure_is_a_failure(serve: Serve, connect: Any) -> None:
    server = serve(tls=False, job_polls=3)
    connect(server)
    make("v1")
    with pytest.raises(NetAppRestError, match="Job failed: "):
        volume("v1").post()
    Volume.find(name="v1").delete()
    assert len(server.backend) == 0


def test_an_ended_job_is_forgotten_after_a_while(serve: Serve, connect: Any) -> None:
    backend = MemBackend(seed=1)
    connect(serve(backend, tls=False))
    job = job_of(volume("v1").post(poll=False))
    backend.advance(299)
    job.get()
    backend.advance(2)
    assert refusal(job.get) == (404, "4")
