"""What the workflows say on GitHub, against a local server that speaks its API."""

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from review_tools.cli import app

SHA = "a" * 40


class Hub:
    """Pull requests, issues and comments of one repository, and what was asked."""

    def __init__(self) -> None:
        self.pulls: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.status = 0
        self.writes: list[tuple[str, str, dict[str, Any]]] = []

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        if self.status:
            return self.status, {"message": "Resource not accessible by integration"}
        assert path.startswith("/repos/owner/name/"), path
        what = path.removeprefix("/repos/owner/name/")
        if method == "GET":
            if what == "pulls":
                return 200, [p for p in self.pulls if f"owner:{p['head']['ref']}" == query["head"]]
            if what == "issues":
                return 200, self.issues
            start = (int(query["page"]) - 1) * int(query["per_page"])
            return 200, self.comments[start : start + int(query["per_page"])]
        self.writes.append((method, what, body))
        return 200 if method == "PATCH" else 201, {"html_url": f"https://github.com/owner/name/{what}"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    known = Hub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            status, answer = known.answer(self.command, parts.path, query, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("GITHUB_TOKEN", "not-a-token")
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    yield known
    server.shutdown()


@pytest.fixture
def changes(copy: Path, tmp_path: Path) -> Path:
    """The changes of a branch that takes a finding away and smuggles markup in."""
    after = tmp_path / "after"
    shutil.copytree(copy, after)
    table = after / "data" / "findings.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join([lines[0], *lines[2:]]), encoding="utf-8")
    studies = after / "data" / "studies.csv"
    text = studies.read_text(encoding="utf-8").replace("By its title", "@everyone <img src=x> ${{ x }} By its title", 1)
    studies.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["diff", str(copy), str(after), "--root", str(copy), "--markdown"])
    assert result.exit_code == 0, result.output
    path = tmp_path / "changes.md"
    path.write_text(result.output, encoding="utf-8")
    return path


def comment(changes: Path) -> tuple[int, str]:
    command = ["publish", "comment", "--file", str(changes), "--owner", "owner", "--branch", "study"]
    result = CliRunner().invoke(
        app, [*command, "--commit", SHA, "--run", "https://github.com/owner/name/actions/runs/1"]
    )
    return result.exit_code, result.output


def test_one_comment_is_written_then_renewed(hub: Hub, changes: Path) -> None:
    hub.pulls = [{"number": 5, "head": {"ref": "study", "sha": SHA}}]
    sign = "<!-- review-changes -->"
    hub.comments = [{"id": n, "body": "hello", "user": {"type": "User"}} for n in range(100)]
    hub.comments.append({"id": 200, "body": f"{sign} mine, honestly", "user": {"type": "User"}})
    assert comment(changes)[0] == 0
    assert [(method, what) for method, what, _ in hub.writes] == [("POST", "issues/5/comments")]
    text = hub.writes[0][2]["body"]
    assert text.startswith(sign)
    assert "removed" in text.lower()
    for active in ("@everyone", "<img", "${{"):
        assert active not in text
    hub.comments.append({"id": 201, "body": text, "user": {"type": "Bot"}})
    assert comment(changes)[0] == 0
    assert hub.writes[1][:2] == ("PATCH", "issues/comments/201")


def test_an_outdated_run_says_nothing(hub: Hub, changes: Path) -> None:
    hub.pulls = [{"number": 5, "head": {"ref": "study", "sha": "b" * 40}}]
    code, output = comment(changes)
    assert (code, hub.writes) == (0, [])
    assert "nothing to say" in output


def test_a_pull_request_is_opened_once_and_never_for_main(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "title.txt").write_text("Add a study (form #7)\n", encoding="utf-8")
    (tmp_path / "text.md").write_text("words " * 20_000, encoding="utf-8")

    def pull(branch: str) -> int:
        command = ["publish", "pull", "--branch", branch, "--folder", str(tmp_path)]
        return CliRunner().invoke(app, command).exit_code

    assert pull("form/issue-7") == 0
    method, what, body = hub.writes[0]
    assert (method, what, body["head"], body["base"]) == ("POST", "pulls", "form/issue-7", "main")
    assert len(body["body"]) <= 65_000
    hub.pulls = [{"number": 9, "head": {"ref": "form/issue-7", "sha": SHA}}]
    assert pull("form/issue-7") == 0
    assert hub.writes[1][:2] == ("PATCH", "pulls/9")
    assert pull("main") == 1
    assert pull("../main") == 1
    assert len(hub.writes) == 2


def test_a_failed_schedule_opens_one_issue(hub: Hub) -> None:
    command = ["publish", "issue", "--title", "The weekly search failed", "--label", "schedule"]
    assert CliRunner().invoke(app, command).exit_code == 0
    hub.issues = [{"number": 3, "title": "The weekly search failed"}]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert [what for _, what, _ in hub.writes] == ["issues", "issues/3/comments"]


def test_a_refusal_names_the_permissions_and_never_the_token(hub: Hub, changes: Path) -> None:
    hub.status = 403
    code, output = comment(changes)
    assert code == 1
    assert "permissions" in output
    assert "not-a-token" not in output
