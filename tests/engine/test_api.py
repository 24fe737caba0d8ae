"""The HTTP API of a real engine, from the outside."""

import json
import urllib.error
import urllib.request

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from console.show.codec import show_from_file
from console.wire.client import Live, ask, get
from tests.waiting import wait_for


def fetch(engine, path, token=None, method="GET", body=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"{engine.address.url}{path}", body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def token(engine, role="token"):
    return (engine.run_dir / role).read_text().strip()


def test_status_has_what_the_contract_says(engine):
    status = engine.wait(lambda s: s["sources"]["cam1"]["in"] > 3)
    for field in ("frame", "format", "late_ticks", "program", "preview", "sources", "outputs", "log", "processes"):
        assert field in status
    assert set(status["sources"]) == {"cam1", "cam2"}
    for field in ("state", "in", "drop", "out", "duplicate", "fps", "age_ms"):
        assert field in status["sources"]["cam1"]
    for field in ("frames", "bytes", "disk_free"):
        assert status["log"][field] > 0
    assert {"engine", "encoder", "source:cam1", "source:cam2"} <= status["processes"].keys()
    assert status["format"] == "360p25"


def test_commands_are_acknowledged_with_their_frame(engine):
    before = engine.status()["frame"]
    answer = engine.command("SetPreview", source="cam2")
    assert answer["frame"] > before
    status, answer = engine.post({"id": "any", "command": "SetPreview", "source": "cam9"})
    assert (status, answer["reject"]["id"]) == (409, "any")
    assert "cam9" in answer["reject"]["reason"]


def test_a_cut_is_on_air_two_frames_after_it_was_asked_at_most(engine):
    for _ in range(5):
        engine.wait(lambda s: True)
        before = engine.status()["frame"]
        now = engine.wait(lambda s, before=before: s["frame"] > before)["frame"]
        status, answer = engine.post({"command": "SetPreview", "source": "cam1"})
        assert status == 200
        # The status is up to a fifth of a second old, five frames at 25 fps, and the request took a while to send.
        assert now < answer["ack"]["frame"] <= now + 5 + 2 + 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no JSON"),
        (b"[]", "JSON object"),
        (b"{}", "no command"),
        (b'{"command": "Cut", "id": 7}', "'id'"),
        (b'{"command": "Cut", "at": "soon"}', "'at'"),
        (b'{"command": "Cut", "now": true}', "'now'"),
        (b"[" * 50_000, "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
    ],
)
def test_what_is_no_command_gets_a_sentence(engine, body, reason):
    status, answer = fetch(engine, "/command", token(engine), "POST", body)
    assert status == 400
    assert reason in json.loads(answer)["reject"]["reason"]


def test_a_body_that_is_too_large_is_refused(engine):
    assert fetch(engine, "/command", token(engine), "POST", b"x" * 300_000)[0] == 413


@pytest.mark.parametrize("given", [None, "wrong", ""])
def test_without_a_token_nothing_is_told(engine, given):
    for path in ("/status", "/show", "/metrics", "/live"):
        status, answer = fetch(engine, path, given)
        assert status == 401
        assert b"token" in answer
    assert fetch(engine, "/command", given, "POST", b'{"command": "Cut"}')[0] == 401
    assert fetch(engine, "/quit", given, "POST")[0] == 401


def test_roles_do_what_they_may(engine):
    cut = b'{"command": "SetPreview", "source": "cam1"}'
    add = b'{"command": "AddDestination", "url": "rtmp://127.0.0.1/a/b"}'
    assert fetch(engine, "/status", token(engine, "token.view"))[0] == 200
    assert fetch(engine, "/command", token(engine, "token.view"), "POST", cut)[0] == 403
    assert fetch(engine, "/command", token(engine, "token.graphics"), "POST", cut)[0] == 403
    assert fetch(engine, "/command", token(engine, "token.switch"), "POST", cut)[0] == 200
    assert fetch(engine, "/command", token(engine, "token.switch"), "POST", add)[0] == 403
    assert fetch(engine, "/quit", token(engine, "token.switch"), "POST")[0] == 403


def test_secrets_in_addresses_are_for_the_admin_alone(engine):
    engine.command("AddDestination", url="rtmp://127.0.0.1:9/live/s3cretkey")
    engine.command("AddDestination", url="rtmp://127.0.0.1:9/live/s3cretkey2")
    status = engine.wait(lambda s: all(output.get("reason") for output in s["outputs"].values()) and s["outputs"])
    assert list(status["outputs"]) == ["rtmp://127.0.0.1:9/live/***", "rtmp://127.0.0.1:9/live/*** (2)"]
    told = {role: fetch(engine, "/show", token(engine, role))[1] for role in ("token", "token.switch")}
    assert b"s3cretkey" in told["token"]
    assert b"s3cretkey" not in told["token.switch"]
    for path in ("/status", "/metrics"):
        assert b"s3cretkey" not in fetch(engine, path, token(engine))[1]
    assert "s3cretkey" not in engine.errors()
    engine.command("RemoveDestination", url="rtmp://127.0.0.1:9/live/s3cretkey")
    engine.command("RemoveDestination", url="rtmp://127.0.0.1:9/live/s3cretkey2")
    assert not engine.wait(lambda s: not s["outputs"])["outputs"]


def test_show_is_a_show_file(engine):
    show = get(engine.address, "/show")
    show.pop("rev")
    assert [source.id for source in show_from_file(show).setup.sources] == ["cam1", "cam2"]


def test_metrics_are_prometheus_text(engine):
    _, page = fetch(engine, "/metrics", token(engine))
    lines = page.decode().splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert 'podium_source_live{source="cam1"} 1' in samples
    assert any(line.startswith("podium_frames_total ") for line in samples)
    for line in samples:
        name, _, value = line.rpartition(" ")
        assert name
        float(value)
    assert len({line for line in lines if line.startswith("# TYPE")}) == len(
        [x for x in lines if x.startswith("# TYPE")]
    )


def test_live_sends_a_snapshot_then_patches_and_answers(engine):
    messages, links = [], []
    live = Live(engine.address, messages.append, lambda up, why: links.append(up))
    live.start()
    try:
        wait_for(lambda: messages)
        snapshot = messages[0]["snapshot"]
        assert snapshot["rings"]["sources"]["cam1"]["tile"]
        assert snapshot["role"] == "admin"
        order = live.send("SetTransition", rate_frames=snapshot["air"]["transition"]["rate_frames"] + 1)
        ack = wait_for(lambda: [m["ack"] for m in messages if m.get("ack", {}).get("id") == order])[0]
        patch = wait_for(lambda: [m["patch"] for m in messages if m.get("patch", {}).get("rev") == ack["rev"]])[0]
        assert patch["frame"] == ack["frame"]
        assert patch["air"]["transition"]["rate_frames"] == snapshot["air"]["transition"]["rate_frames"] + 1
        assert "setup" not in patch
        wait_for(lambda: any("status" in message for message in messages))
        order = live.send("SetPreview", source="nobody")
        refusal = wait_for(lambda: [m["reject"] for m in messages if m.get("reject", {}).get("id") == order])[0]
        assert "nobody" in refusal["reason"]
    finally:
        live.close()
    assert links[0] is True


def test_sources_come_and_go_by_command(engine):
    engine.command("AddSource", source="extra", url="pattern:?number=9", name="Extra")
    engine.wait(lambda s: s["sources"].get("extra", {}).get("state") == "live")
    pid = engine.status()["processes"]["source:extra"]
    assert pid
    engine.command("RemoveSource", source="extra")
    status = engine.wait(lambda s: "extra" not in s["sources"])
    assert "source:extra" not in status["processes"]


def test_a_new_name_leaves_the_source_alone(engine):
    engine.command("AddSource", source="still", url="black:", name="Black")
    status = engine.wait(lambda s: s["sources"].get("still", {}).get("state") == "live")
    engine.command("EditSource", source="still", name="Night")
    named = engine.wait(lambda s: s["frame"] > status["frame"] + 10)
    assert named["processes"]["source:still"] == status["processes"]["source:still"]
    engine.command("RemoveSource", source="still")


def test_an_address_nobody_knows_is_named_and_disturbs_nothing(engine):
    engine.command("AddSource", source="odd", url="gopher://x", name="Odd")
    status = engine.wait(lambda s: s["sources"].get("odd", {}).get("reason"))
    assert "unknown scheme 'gopher'" in status["sources"]["odd"]["reason"]
    assert status["sources"]["cam1"]["state"] == "live"
    engine.command("RemoveSource", source="odd")


def test_the_description_holds_against_random_requests(engine):
    _, text = fetch(engine, "/openapi.json")
    schema = schemathesis.openapi.from_dict(json.loads(text))
    schema.config.update(base_url=engine.address.url)
    headers = {"Authorization": f"Bearer {token(engine, 'token.switch')}"}
    checks = [not_a_server_error, status_code_conformance, response_schema_conformance]

    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
        )
        @given(case=operation.as_strategy())
        def check(case):
            case.validate_response(case.call(headers=headers), checks=checks)

        check()
    status, answer = ask(engine.address, "GET", "/status")
    assert status == 200
    assert answer["on_air"]


def test_every_reference_of_the_description_leads_somewhere(engine):
    document = json.loads(fetch(engine, "/openapi.json")[1])
    text = json.dumps(document)
    references = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert references >= {"Camera", "Element", "Title", "LensRow", "SetTitle"}
    assert references <= document["components"]["schemas"].keys()


def test_addresses_of_feeds_are_secrets_too(engine):
    feed = {"id": "secret", "kind": "csv", "url": "http://ann:sesame@127.0.0.1:9/results.csv"}
    engine.command("AddFeed", feed=feed)
    wait_for(lambda: "sesame" in fetch(engine, "/show", token(engine))[1].decode())
    assert b"sesame" not in fetch(engine, "/show", token(engine, "token.view"))[1]
    engine.command("RemoveFeed", feed="secret")
