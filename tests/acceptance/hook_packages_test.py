"""The packages whose hooks the gateway takes, as they are published: oh-my-codex, oh-my-claude-sisyphus, clawhip's OMX SDK."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
EVENTS = ["session-start", "keyword-detector", "pre-tool-use", "post-tool-use", "stop", "session-end"]


@pytest.fixture(scope="session")
def packages():
    """Where they are installed: the versions of the lock file, once for all runs."""
    folder = pathlib.Path(os.environ.get("MACP_TEST_NPM", HERE.parents[1] / "build/npm")).resolve()
    lock = (HERE / "npm/package-lock.json").read_bytes()
    stamp = folder / "installed.json"
    if not stamp.exists() or stamp.read_bytes() != lock:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "npm" / name, folder)
        # Not `npm ci`: it wants the lock to hold the optional packages of every other platform too.
        subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
                       cwd=folder, check=True, timeout=900, stdin=subprocess.DEVNULL)
        stamp.write_bytes(lock)
    return folder / "node_modules"


@pytest.fixture(scope="session")
def sdk(tmp_path_factory):
    """clawhip's SDK for OMX. It comes with the program's source; MACP_TEST_CLAWHIP_SDK names a copy that is there."""
    if named := os.environ.get("MACP_TEST_CLAWHIP_SDK"):
        return pathlib.Path(named).resolve()
    user = tmp_path_factory.mktemp("clawhip")
    (user / "src").mkdir()
    (user / "src/main.rs").write_text("fn main() {}\n")
    (user / "Cargo.toml").write_text('[package]\nname = "user"\nversion = "0.0.0"\nedition = "2021"\n'
                                     '[dependencies]\nclawhip = "=0.5.4"\n[workspace]\n')
    subprocess.run(["cargo", "fetch", "--quiet"], cwd=user, check=True, timeout=900, stdin=subprocess.DEVNULL)
    sources = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")) / "registry/src"
    (found,) = sources.glob("*/clawhip-0.5.4/integrations/omx/clawhip-sdk.mjs")
    return found


@pytest.fixture
def agent(gateway, packages, tmp_path):
    return Agent(gateway, packages, tmp_path)


class Agent:
    """Runs a package's own scripts as its host would: in a repository, with a home of its own. All of them are this
    process's children, for OMX falls silent when the process that began its session is gone."""

    def __init__(self, gateway, packages, folder):
        self.gateway, self.packages = gateway, packages
        self.home, self.repository = folder / "home", folder / "repository"
        self.home.mkdir()
        self.repository.mkdir()
        subprocess.run(["git", "init", "-q", "-b", "main", "."], cwd=self.repository, check=True, timeout=60)

    def node(self, *arguments, text="", **environment):
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        done = subprocess.run(["node", *map(str, arguments)], cwd=self.repository, input=text, capture_output=True,
                              text=True, timeout=60, env=kept | {"HOME": str(self.home)} | environment)
        assert done.returncode == 0, done
        return done

    def wakes(self, name):
        """A configuration that posts every event to the gateway, unmodified otherwise."""
        hooks = {event: {"gateway": "macp", "instruction": "{{event}}", "enabled": True} for event in EVENTS}
        door = {"type": "http", "url": self.gateway.url("/api/omx/hook"), "method": "POST", "timeout": 5000}
        file = self.home / name
        file.write_text(json.dumps({"enabled": True, "gateways": {"macp": door}, "hooks": hooks}))
        return file

    def omx_hook_file(self, source):
        file = self.repository / ".omx/hooks/macp-forward.mjs"
        file.parent.mkdir(parents=True)
        file.write_text(source)

    def codex(self, name, **members):
        hook = {"hook_event_name": name, "session_id": "c-1", "turn_id": "t-1", "cwd": str(self.repository),
                "transcript_path": None} | members
        return self.node(self.packages / "oh-my-codex/dist/scripts/codex-native-hook.js", text=json.dumps(hook))


def types(events):
    return [event["type"] for event in events]


@pytest.mark.guard(300)
def test_hooks_of_oh_my_claude(agent):
    hooks = [
        ("session-start", "SessionStart", {}), ("keyword-detector", "UserPromptSubmit", {"prompt": "ultrawork please"}),
        ("pre-tool-use", "PreToolUse", {"tool_name": "Bash", "tool_input": {"command": "pnpm test"}}),
        ("post-tool-use", "PostToolUse",
         {"tool_name": "Bash", "tool_input": {"command": "pnpm test"}, "tool_response": "FAIL a.test.ts | 1 failed"}),
        ("persistent-mode", "Stop", {}),
    ]
    settings = {"OMC_OPENCLAW": "1", "OMC_OPENCLAW_CONFIG": str(agent.wakes("omc.json"))}
    for hook, name, members in hooks:
        text = json.dumps({"hook_event_name": name, "session_id": "s-9", "cwd": str(agent.repository)} | members)
        agent.node(agent.packages / "oh-my-claude-sisyphus/dist/hooks/bridge.js", f"--hook={hook}", text=text, **settings)
    events = agent.gateway.wait_for_events(5, "source=/hooks/omc")
    assert types(events) == ["session.started", "omc.keyword-detector", "session.test-started", "session.test-failed",
                             "session.blocked"]
    failed = events[3]["data"]
    assert failed["tool"] == "omc" and failed["test_runner"] == "package-test" and failed["session_id"] == "s-9"
    assert agent.gateway.get("/api/ingest/rejects").json["items"] == []


FETCH = """
export async function onHookEvent(event) {
  await fetch("%s/api/omx/hook", {
    method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(event),
  });
}
"""
COMMAND = """
import { spawnSync } from "node:child_process";
export async function onHookEvent(event) {
  spawnSync("%s", ["omx", "hook", "--best-effort", "--url", "%s"], {input: JSON.stringify(event)});
}
"""


@pytest.mark.guard(300)
@pytest.mark.parametrize("way", ["posted", "by command"])
def test_hooks_of_oh_my_codex(agent, way):
    gateway = agent.gateway
    agent.omx_hook_file(FETCH % gateway.url("") if way == "posted" else COMMAND % (gateway.binary, gateway.url("")))
    agent.codex("SessionStart", source="startup")
    agent.codex("UserPromptSubmit", prompt="do it")
    tool = {"tool_name": "Bash", "tool_input": {"command": "ls"}, "tool_use_id": "u-1"}
    agent.codex("PreToolUse", **tool)
    agent.codex("PostToolUse", **tool, tool_response={"exit_code": 0})
    agent.codex("Stop")
    turn = {"type": "agent-turn-complete", "thread-id": "th-1", "turn-id": "t-1", "cwd": str(agent.repository),
            "input-messages": ["do it"], "last-assistant-message": "done"}
    agent.node(agent.packages / "oh-my-codex/dist/scripts/notify-hook.js", json.dumps(turn))
    events = gateway.wait_for_events(7, "source=/hooks/omx")
    assert types(events) == ["session.started", "omx.keyword-detector", "tool.pre", "tool.post", "omx.stop",
                             "omx.turn-complete", "session.blocked"]
    assert {event["data"]["tool"] for event in events} == {"omx"}
    assert events[-1]["data"]["repo_name"] == "repository"

    omx = agent.packages / "oh-my-codex/dist/cli/omx.js"
    assert "macp-forward" in agent.node(omx, "hooks", "validate").stdout
    assert "macp-forward: ok" in agent.node(omx, "hooks", "test").stdout
    assert gateway.wait_for_events(8, "source=/hooks/omx")[-1]["data"]["context"] == {"reason": "omx-hooks-test"}
    assert gateway.get("/api/ingest/rejects").json["items"] == []


WAKE = """
import { wakeOpenClaw } from "%s/oh-my-codex/dist/openclaw/index.js";
for (const event of ["session-start", "session-idle", "session-end"]) {
  const done = await wakeOpenClaw(event, {sessionId: "s-1", projectPath: process.cwd()});
  if (!done?.success) throw new Error(JSON.stringify(done));
}
"""


@pytest.mark.guard(120)
def test_wakes_of_oh_my_codex(agent):
    settings = {"OMX_OPENCLAW": "1", "OMX_OPENCLAW_CONFIG": str(agent.wakes("omx.json"))}
    config = json.loads(pathlib.Path(settings["OMX_OPENCLAW_CONFIG"]).read_text())
    config["hooks"]["session-idle"] = config["hooks"]["stop"]
    pathlib.Path(settings["OMX_OPENCLAW_CONFIG"]).write_text(json.dumps(config))
    agent.node("--input-type=module", "-e", WAKE % agent.packages.as_posix(), **settings)
    events = agent.gateway.wait_for_events(3, "source=/hooks/omx")
    assert types(events) == ["session.started", "session.blocked", "session.finished"]
    assert events[0]["data"]["repo_name"] == "repository"




SDK = """
import { createClawhipOmxClient } from "%s";
const client = await createClawhipOmxClient();
const context = {session_name: "issue-65", repo_name: "clawhip", command: "cargo test"};
for (const [name, emit] of Object.entries(client)) {
  if (/^emit(Session|Retry|Pr|Handoff|TestStarted|TestFinished|TestFailed)/.test(name)) await emit({context});
}
console.log(client.discovery.transport);
"""
CONTRACT = ["session.started", "session.blocked", "session.finished", "session.failed", "session.retry-needed",
            "session.pr-created", "session.test-started", "session.test-finished", "session.test-failed",
            "session.handoff-needed"]


@pytest.mark.guard(1000)
@pytest.mark.parametrize("transport", ["http", "cli"])
def test_the_omx_sdk_of_clawhip(sdk, packages, gateway, tmp_path, transport):
    """Over HTTP, and by the command that it runs, as if macp were clawhip."""
    agent = Agent(gateway, packages, tmp_path)
    settings = {"CLAWHIP_OMX_TRANSPORT": "http", "CLAWHIP_OMX_DAEMON_URL": gateway.url("")}
    if transport == "cli":
        settings = {"CLAWHIP_BIN": str(gateway.binary), "MACP_URL": gateway.url("")}
    done = agent.node("--input-type=module", "-e", SDK % sdk.as_posix(), **settings)
    assert done.stdout == f"{transport}\n", done
    events = gateway.wait_for_events(10, "source=/hooks/omx")
    assert types(events) == CONTRACT
    assert {event["subject"] for event in events} == {"issue-65"}
    assert gateway.get("/api/ingest/rejects").json["items"] == []
