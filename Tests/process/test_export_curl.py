"""The script of exportRequest, run as it is: it sends what the sidecar sends, and nothing else happens."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile import TOKEN_PATH
from hostile_text import PIECES, PLAIN, texts
from onboarding import onboard, profile
from relay import Bystander, Relay, claims_of, essence
from sandbox.control import Sandbox
from sidecar import BINARY, PATIENCE_SECONDS, ROOT, Home, Sidecar

SHELLS = {"dash": ["dash"], "bash": ["bash"], "posix bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
USER = {"profile": "dev5", "subject": "curtis.feitty"}
AGENT = {"agent": "PAYABLES_TEAM", "message": "Which of 'these' are on hold?\n"}
LOGGED = """#!/bin/sh
printf '%s\\0' "$@" >>"$ARGUMENTS"
env -0 >>"$ARGUMENTS"
exec "{program}" "$@"
"""


class Person:
    """Somebody with a script: an empty folder to stand in, no clock to wait for, and programs that are watched."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.programs, self.temporary, self.arguments = folder / "bin", folder / "tmp", folder / "arguments"
        self.standing = folder / "here"
        for each in (self.programs, self.temporary, self.standing):
            each.mkdir(parents=True)
        self.program("sleep", "#!/bin/sh\n")
        for name in ("curl", "jq"):
            self.program(name, LOGGED.replace("{program}", shutil.which(name)))
        self.arguments.touch()

    def program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def run(
        self, text: str, *options: str, shell: list[str] = SHELLS["dash"], lines: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        script = self.folder / "script"
        script.write_text(text, encoding="utf-8")
        surroundings = self.home.environment | environment | {
            "PATH": f"{self.programs}:{self.home.environment['PATH']}", "TMPDIR": str(self.temporary),
            "ARGUMENTS": str(self.arguments),
        }
        done = subprocess.run(
            [*shell, str(script), *options], input=lines, capture_output=True, encoding="utf-8", errors="replace",
            cwd=self.standing, env=surroundings, timeout=PATIENCE_SECONDS, check=False,
        )
        assert list(self.standing.iterdir()) == [], "nothing else was executed"
        assert list(self.temporary.iterdir()) == [], "credentials are left behind"
        return done


@pytest.fixture
def person(home: Home, tmp_path: Path) -> Person:
    return Person(home, tmp_path / "person")


@pytest.fixture
def bystander() -> Iterator[Bystander]:
    with Bystander() as bystander:
        yield bystander


def assertions(sidecar: Sidecar, name: str, subject: str = "curtis.feitty") -> dict[str, str]:
    """Taken as the usage of the script says."""
    user = sidecar.call("mintAssertion", profile=name, type="user", subject=subject)
    client = sidecar.call("mintAssertion", profile=name, type="client")
    return {"ONBEHALF_USER_ASSERTION": user["assertion"], "ONBEHALF_CLIENT_ASSERTION": client["assertion"]}


@pytest.mark.parametrize("how", ["client assertion", "client secret", "the user's own token"])
@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_the_script_sends_what_the_sidecar_sends(
    onboarded: Sidecar, sandbox: Sandbox, relay: Relay, person: Person, shell: list[str], how: str
) -> None:
    user = USER | {"profile": "basic"} if how == "client secret" else USER
    given = assertions(onboarded, user["profile"])
    if how == "the user's own token":
        user = {"profile": "dev5", "userToken": sandbox.id_token("curtis.feitty")}
        given["ONBEHALF_USER_TOKEN"] = user["userToken"]
    if how == "client secret":
        given["ONBEHALF_CLIENT_SECRET"] = sandbox.client_secret
    assert onboarded.call("invokeAgent", **user, **AGENT)["state"] == "complete"
    expected = [essence(request) for request in relay.taken()]
    text = onboarded.call("exportRequest", format="curl", **user, **AGENT)["text"]
    done = person.run(text, shell=shell, **given)
    assert done.returncode == 0, done.stderr
    assert [essence(request) for request in relay.taken()] == expected
    assert len(expected) == 5, "the token, the run, and three looks at it"
    assert done.stderr == ""
    assert '"sub":"curtis.feitty"' in done.stdout
    assert '"status":"COMPLETE","output":"Hello, Curtis Feitty. PAYABLES_TEAM read: Which of ' in done.stdout
    actors = [row["actor"] for row in sandbox.audit(side="pod", action="agent.invoke", outcome="granted")]
    assert actors == ["curtis.feitty"] * 2


def test_credentials_come_on_standard_input_too(onboarded: Sidecar, person: Person) -> None:
    text = onboarded.call("exportRequest", format="curl", **USER)["text"]
    lines = "".join(f"{assertion}\n" for assertion in assertions(onboarded, "dev5").values())
    done = person.run(text, lines=lines)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The token says: " in done.stdout and "/invokeAsync" not in done.stdout
    assert person.run(text).stderr == (
        "ONBEHALF_USER_ASSERTION is not set, and standard input has no line for it; --help says more.\n"
    )
    assert person.run(text, lines="no jwt'$(touch canary)\n").stderr == "ONBEHALF_USER_ASSERTION is no JWT.\n"


def test_its_usage_says_how_to_get_them(onboarded: Sidecar, relay: Relay, person: Person) -> None:
    command = "mintAssertion profile=dev5 type=user subject=curtis.feitty"
    for name, wanted in (("dev5", command), ("basic", "CLIENT_SECRET")):
        text = onboarded.call("exportRequest", format="curl", subject="curtis.feitty", profile=name)["text"]
        shown = person.run(text, "--help")
        assert shown.returncode == 0 and wanted in shown.stdout
        wrong = person.run(text, "--verbose")
        assert (wrong.returncode, wrong.stderr) == (2, shown.stdout)
    assert relay.taken() == []


def test_what_is_missing_is_named(onboarded: Sidecar, person: Person) -> None:
    text = onboarded.call("exportRequest", format="curl", **USER)["text"]
    where = person.folder / "few"
    where.mkdir()
    for name in ("cat", "curl"):
        (where / name).symlink_to(shutil.which(name))
    person.home.environment["PATH"] = str(where)
    (person.programs / "jq").unlink()
    dash = [shutil.which("dash")]
    done = person.run(text, shell=dash)
    assert done.stderr == "jq is needed and not on PATH: curl 7.55 or newer, jq 1.6 or newer.\n"


def test_with_secrets_it_runs_by_itself_and_once(onboarded: Sidecar, sandbox: Sandbox, person: Person) -> None:
    answer = onboarded.call("exportRequest", format="curl", includeSecrets=True, **USER, **AGENT)
    assert answer["expiresAt"] in answer["text"]
    assert person.run(answer["text"]).returncode == 0
    again = person.run(answer["text"])
    assert again.returncode == 1
    assert "400" in again.stdout and again.stderr == "The identity domain gave no token.\n"
    rows = onboarded.call("queryAudit", limit=100)["rows"]
    signed = [row for row in rows if row.get("operation") == "mintAssertion"]
    assert sorted(row["event"] for row in signed) == ["intent", "intent", "outcome", "outcome"]
    assert {row.get("subject") for row in signed} == {"curtis.feitty", None}


def test_a_secret_is_never_written_down(onboarded: Sidecar, sandbox: Sandbox) -> None:
    own = sandbox.id_token("curtis.feitty")
    for format in ("curl", "postman"):
        basic = onboarded.call("exportRequest", format=format, includeSecrets=True, **USER | {"profile": "basic"})
        assert sandbox.client_secret not in json.dumps(basic)
        token = onboarded.call("exportRequest", format=format, includeSecrets=True, profile="dev5", userToken=own)
        assert own.rpartition(".")[2] not in json.dumps(token)
        assert "expiresAt" in basic and "expiresAt" in token


def test_without_secrets_nothing_is_signed_or_sent(onboarded: Sidecar, relay: Relay) -> None:
    for format in ("curl", "postman"):
        onboarded.call("exportRequest", format=format, **USER, **AGENT)
    assert relay.taken() == []
    assert not [row for row in onboarded.call("queryAudit")["rows"] if row.get("operation") == "mintAssertion"]


def test_no_credential_is_an_argument_or_shown(
    onboarded: Sidecar, sandbox: Sandbox, relay: Relay, person: Person
) -> None:
    for name in ("dev5", "basic"):
        given = assertions(onboarded, name) | {"ONBEHALF_CLIENT_SECRET": sandbox.client_secret}
        text = onboarded.call("exportRequest", format="curl", subject="curtis.feitty", profile=name, **AGENT)["text"]
        # A variable that is exported already would stay so.
        done = person.run(text, **given, user_assertion="", client_assertion="", client_secret="", line="")
        assert done.returncode == 0, done.stderr
        sent = relay.taken()
        secrets = [request.header("authorization") for request in sent] + [dict(sent[0].form)["assertion"]]
        secrets += [dict(sent[0].form).get("client_assertion")] + list(given.values())[2:] * (name == "basic")
        seen = person.arguments.read_text() + done.stdout + done.stderr
        assert "--data-binary" in seen, "the arguments were watched"
        for secret in filter(None, secrets):
            assert secret.removeprefix("Bearer ").removeprefix("Basic ") not in seen
            assert secret.rpartition(".")[2] not in seen


@pytest.mark.parametrize("shell", SHELLS)
def test_when_nobody_reads_what_it_says_nothing_is_left_behind(
    onboarded: Sidecar, person: Person, shell: str
) -> None:
    text = onboarded.call("exportRequest", format="curl", includeSecrets=True, **USER, **AGENT)["text"]
    piped = f'{" ".join(SHELLS[shell])} "$1" | true'
    assert person.run(text, shell=["dash", "-c", piped, "_"]).returncode == 0


@pytest.mark.parametrize(("answer", "message"), [
    ({"status": 400, "body": '{"error":"x","error_description":"SENT"}'}, "The identity domain gave no token."),
    ({"status": 302, "headers": {"Location": "https://elsewhere.example/"}}, "The identity domain gave no token."),
    ({"status": 200, "body": "<html>"}, "The answer is no JSON."),
    ({"status": 200, "body": '{"access_token":"a b"}'}, "The answer holds no access token."),
    ({"status": 200, "body": '{"access_token":"opaque"}'}, "The token is opaque, so nothing shows whose it is."),
])
def test_an_answer_that_is_no_token_ends_it(
    onboarded: Sidecar, sandbox: Sandbox, relay: Relay, person: Person, answer: dict[str, Any], message: str
) -> None:
    given = assertions(onboarded, "dev5")
    repeated = "".join(given.values()) + "\x1b[31m"
    body = answer.get("body", "").replace('"SENT"', json.dumps(repeated))
    sandbox.fault("domain", "respond", path=TOKEN_PATH, **answer | {"body": body})
    done = person.run(onboarded.call("exportRequest", format="curl", **USER, **AGENT)["text"], **given)
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == message
    assert [request.path for request in relay.taken()] == [TOKEN_PATH]
    assert not [one for one in given.values() if one in done.stdout] and "\x1b" not in done.stdout


@pytest.mark.parametrize("named", ["ap.clerk", ["curtis.feitty"], None])
def test_another_user_ends_it(
    onboarded: Sidecar, sandbox: Sandbox, relay: Relay, person: Person, named: Any
) -> None:
    sandbox.fault("domain", "token", claims={"sub": named})
    given = assertions(onboarded, "dev5")
    done = person.run(onboarded.call("exportRequest", format="curl", **USER, **AGENT)["text"], **given)
    assert (done.returncode, done.stderr) == (1, "The token is not the user who was asked for.\n")
    assert len(relay.taken()) == 1


@pytest.mark.parametrize(("states", "status", "said"), [
    (["WAITING"], 0, "waits for a person"), (["ERROR"], 1, "has failed"), (["PONDERING", "SUCCESS"], 0, "SUCCESS"),
    (["RUNNING"], 1, "still goes on; getAgentRun finds it"),
])
def test_a_run_is_followed_to_its_end(
    onboarded: Sidecar, sandbox: Sandbox, relay: Relay, person: Person, states: list[str], status: int, said: str
) -> None:
    sandbox.fault("pod", "run", states=states)
    answer = onboarded.call("exportRequest", format="curl", includeSecrets=True, **USER, **AGENT)
    done = person.run(answer["text"])
    assert done.returncode == status and said in done.stdout + done.stderr
    assert len(relay.taken()) <= 62


HOSTILE_CLIENT = "c'$(touch${IFS}canary)`\\\"%s{{$guid}}@-"
HOSTILE_SECRET = "s' \"$(touch canary)\\ %s `touch canary`"


def test_hostile_text_arrives_as_it_is(home: Home, bystander: Bystander, sandbox: Sandbox, person: Person) -> None:
    """Messages, subjects, scopes, a client id and a secret out of what a shell may stumble over."""
    subjects = [text[:256] for text in texts(1, 24, PLAIN)]
    scopes = [text[:1024] for text in texts(2, 24, PLAIN)]
    samples: list[Path] = []
    places = {"identityDomainUrl": bystander.url, "fusionUrl": bystander.url, "clientId": HOSTILE_CLIENT}
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        sidecar.call("createKey", alias="payables")
        for number, (message, subject, scope) in enumerate(zip(texts(3, 24), subjects, scopes, strict=True)):
            way = ("client_assertion", "client_secret_basic")[number // len(SHELLS) % 2]
            sidecar.call("saveProfile", profile=profile(
                sandbox, scope=scope, policy={"subjects": {"allow": ["*"]}}, clientAuthentication=way, **places
            ))
            if number == len(SHELLS):
                sidecar.call("setClientSecret", profile="dev5", clientSecret=HOSTILE_SECRET)
            call = {"profile": "dev5", "subject": subject, "agent": "A", "message": message}
            sidecar.call("invokeAgent", **call)
            token, invocation = bystander.taken()
            text = sidecar.call("exportRequest", format="curl", includeSecrets=True, **call)["text"]
            assert "\0" not in text and HOSTILE_SECRET not in text
            shell = list(SHELLS.values())[number % len(SHELLS)]
            done = person.run(text, shell=shell, ONBEHALF_CLIENT_SECRET=HOSTILE_SECRET)
            assert done.returncode == 0, done.stderr
            its_token, its_invocation = bystander.taken()
            assert its_invocation.body == invocation.body
            assert json.loads(its_invocation.body)["message"] == message
            assert essence(its_token) == essence(token)
            assert claims_of(dict(its_token.form)["assertion"])["sub"] == subject
            assert dict(its_token.form)["scope"] == scope
            assert person.run(text, "--help").returncode == 0
            plain = sidecar.call("exportRequest", format="curl", **call)["text"]
            for name, sample in (("with", text), ("without", plain)):
                samples.append(person.folder / f"{number}-{name}.sh")
                samples[-1].write_text(sample, encoding="utf-8")
    checked = subprocess.run(["shellcheck", *map(str, samples)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("shell", [SHELLS["dash"], SHELLS["bash"]], ids=["dash", "bash"])
def test_the_longest_message_arrives(onboarded: Sidecar, relay: Relay, person: Person, shell: list[str]) -> None:
    message = "'$(touch canary)\n" * (1 << 16)
    message = message[:1 << 20]
    call = USER | {"agent": "PAYABLES_TEAM", "message": message, "includeSecrets": True, "format": "curl"}
    done = person.run(onboarded.call("exportRequest", **call)["text"], shell=shell)
    assert done.returncode == 0, done.stderr
    assert json.loads(relay.taken()[1].body)["message"] == message
    refused = onboarded.refusal("exportRequest", **call | {"message": message + "x"})
    assert (refused.kind, refused.detail["field"]) == ("invalid_params", "message")


def test_what_the_usage_shows_gives_the_assertion(
    home: Home, bystander: Bystander, sandbox: Sandbox, person: Person
) -> None:
    """The command beside a variable, run as it stands, asserts that very user."""
    obo = ROOT / "clients" / "shell" / "obo"
    (person.programs / "obo").symlink_to(obo)
    options = home.file_store()
    with Sidecar(home, "--admin", *options) as sidecar:
        sidecar.call("createKey", alias="payables")
        sidecar.call("saveProfile", profile=profile(
            sandbox, identityDomainUrl=bystander.url, fusionUrl=bystander.url, policy={"subjects": {"allow": ["*"]}}
        ))
        for subject in ("@etc", "it's$(touch${IFS}canary)", "a=b", '\\"', ":={}"):
            text = sidecar.call("exportRequest", format="curl", profile="dev5", subject=subject)["text"]
            command = next(line for line in person.run(text, "--help").stdout.splitlines() if "type=user" in line)
            arguments = " ".join([*options, "--config", str(home.config)])
            done = person.run(f"{command.strip()}\n", ONBEHALF_ARGS=arguments, ONBEHALF_BIN=BINARY)
            assert done.returncode == 0, (subject, done.stderr)
            assert claims_of(done.stdout)["sub"] == subject


def test_the_trust_and_the_proxy_of_the_profile_are_in_it(home: Home, tls_sandbox: Sandbox, person: Person) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, tls_sandbox, caFile=tls_sandbox.ca_file)
        text = sidecar.call("exportRequest", format="curl", includeSecrets=True, **USER, **AGENT)["text"]
        assert person.run(text).returncode == 0
        untrusting = profile(tls_sandbox, name="untrusting")
        sidecar.call("saveProfile", profile=untrusting)
        text = sidecar.call(
            "exportRequest", format="curl", includeSecrets=True, profile="untrusting", subject="curtis.feitty"
        )["text"]
        done = person.run(text)
        assert done.returncode == 1 and "There was no answer." in done.stderr
        elsewhere = {"identityDomainUrl": "https://idcs.example", "fusionUrl": "https://[2001:db8::1]:8443"}
        sidecar.call("createKey", alias="other")
        sidecar.call("saveProfile", profile=profile(
            tls_sandbox, name="far", key="other", proxy="http://proxy.example:3128", caFile="/etc/it's.pem", **elsewhere
        ))
        text = sidecar.call("exportRequest", format="curl", profile="far", subject="curtis.feitty", **AGENT)["text"]
        assert text.count("--proxy 'http://proxy.example:3128' --noproxy ''") == 3
        assert text.count("--cacert '/etc/it'\\''s.pem'") == 3
        assert text.count("--proto '=https'") == 3
        assert "--globoff" in text and " -k" not in text and "--location" not in text and " -L" not in text


def test_every_piece_is_somewhere() -> None:
    assert set(PIECES) == {piece for piece in PIECES if any(piece in text for text in texts(3, 24))}
