"""Saying something on GitHub: a comment that is renewed, a pull request that is opened once. Never a push to main.

The workflows call this through ``review github``. The address is that of GitHub's API, or ``GITHUB_API_URL``, which
Actions sets; the token is ``GITHUB_TOKEN`` and is never printed.
"""

import os
import re
from typing import Any

import httpx

from review_tools.sources.http import ServiceError

NAME = "GitHub"
LIMIT = 65_000  # characters; GitHub refuses a text of more than 65,536
PAGE = 100
PAGES = 30
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
BRANCH = re.compile(r"(?!.*\.\.)[A-Za-z0-9][\w./-]{0,120}")


class GitHub:
    """One repository, and what may be said about it.

    Raises:
        ServiceError: GitHub cannot be reached, refuses, or answers with something else than its API does.
    """

    def __init__(self, repository: str) -> None:
        if not REPOSITORY.fullmatch(repository):
            raise ServiceError(NAME, "", f"{repository[:80]!r} is no repository", "write it as owner/name")
        token = os.environ.get("GITHUB_TOKEN", "")
        if not token:
            raise ServiceError(NAME, "", "no token", "set GITHUB_TOKEN to one that may write pull requests")
        self.repository = repository
        self._http = httpx.Client(
            base_url=os.environ.get("GITHUB_API_URL") or "https://api.github.com",
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            timeout=30,
        )

    def pull_of(self, owner: str, branch: str, sha: str) -> int | None:
        """The open pull request whose head is this commit of this branch of this owner, if there is one."""
        asked = {"state": "open", "head": f"{owner}:{branch}", "per_page": PAGE}
        for pull in self._ask("GET", "pulls", params=asked):
            if pull["head"]["sha"] == sha:
                return int(pull["number"])
        return None

    def put_comment(self, number: int, marker: str, text: str) -> str:
        """Writes one comment, or renews the one this account wrote earlier with the same marker; returns its address.

        Somebody else's comment that happens to hold the marker is left alone.
        """
        sign = f"<!-- {marker} -->"
        body = {"body": f"{sign}\n{shortened(text)}"}
        for page in range(1, PAGES + 1):
            comments = self._ask("GET", f"issues/{number}/comments", params={"per_page": PAGE, "page": page})
            for comment in comments:
                if str(comment["body"]).startswith(sign) and comment["user"]["type"] == "Bot":
                    return str(self._ask("PATCH", f"issues/comments/{int(comment['id'])}", json=body)["html_url"])
            if len(comments) < PAGE:
                break
        return str(self._ask("POST", f"issues/{number}/comments", json=body)["html_url"])

    def put_pull(self, branch: str, title: str, text: str, base: str = "main") -> str:
        """Opens a pull request from a branch of this repository, or renews the text of the open one; its address."""
        if not BRANCH.fullmatch(branch) or branch == base:
            raise ServiceError(NAME, "", f"{branch[:80]!r} is no branch to propose", "name another branch")
        owner = self.repository.split("/")[0]
        body = {"title": title[:200], "body": shortened(text)}
        open_ones = self._ask("GET", "pulls", params={"state": "open", "head": f"{owner}:{branch}", "base": base})
        if open_ones:
            return str(self._ask("PATCH", f"pulls/{int(open_ones[0]['number'])}", json=body)["html_url"])
        return str(self._ask("POST", "pulls", json={**body, "head": branch, "base": base})["html_url"])

    def put_issue(self, title: str, label: str, text: str) -> str:
        """Opens an issue under a label, or adds a comment to the open one of the same title; its address."""
        asked = {"state": "open", "labels": label, "per_page": PAGE}
        for issue in self._ask("GET", "issues", params=asked):
            if issue["title"] == title:
                path = f"issues/{int(issue['number'])}/comments"
                return str(self._ask("POST", path, json={"body": shortened(text)})["html_url"])
        body = {"title": title[:200], "labels": [label], "body": shortened(text)}
        return str(self._ask("POST", "issues", json=body)["html_url"])

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        url = f"/repos/{self.repository}/{path}"
        try:
            response = self._http.request(method, url, **options)
        except httpx.HTTPError as error:
            raise ServiceError(NAME, url, f"cannot be reached ({type(error).__name__})", "run the job again") from error
        if response.status_code >= 300:
            why = f"refused {method} (HTTP {response.status_code})"
            raise ServiceError(NAME, url, why, "look at the permissions of the job and of the token")
        try:
            return response.json()
        except ValueError as error:
            raise ServiceError(NAME, url, "answered with something else than JSON", "run the job again") from error


def shortened(text: str) -> str:
    """A text that GitHub takes: at most ``LIMIT`` characters, the cut being said."""
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 60]}\n\n*Cut here: the whole text is too long for GitHub.*"
