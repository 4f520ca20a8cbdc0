"""Git: the past states of the project's files, which are only read."""

import io
import shutil
import subprocess
from pathlib import Path


class GitError(Exception):
    """Git is missing, or cannot answer. The message is meant for the person who asked."""


def run(root: Path, *words: str, stdin: bytes | None = None) -> bytes:
    """Return the output of one git command in ``root``. Raises GitError, with its first line, if git refuses."""
    git = shutil.which("git")
    if git is None:
        raise GitError("git is not installed.")
    answer = subprocess.run(  # noqa: S603 (git with arguments of ours; revisions are resolved first)
        [git, "-C", str(root), *words], input=stdin, capture_output=True, check=False
    )
    if answer.returncode:
        said = answer.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        if "dubious ownership" in said:
            said += f" → git config --global --add safe.directory {root}"
        raise GitError(said or f"git {words[0]} failed.")
    return answer.stdout


def commit(root: Path, revision: str) -> str:
    """Return the full name of the commit that a revision stands for. Raises GitError if there is none."""
    try:
        name = run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except GitError as error:
        if str(error).startswith("fatal"):  # says why; git is quiet about a name that it does not know
            raise
        raise GitError(f"{revision!r} is neither a folder nor a revision that git knows here.") from None
    return name.decode().strip()


def files(root: Path, sha: str, *paths: str) -> dict[str, bytes]:
    """Return the regular files of a commit below ``paths`` by their names, relative to ``root``.

    Contents come as they are stored: nothing the commit holds (attributes, filters, links) is acted on.
    """
    listed = run(root, "ls-tree", "-r", "-z", sha, "--", *paths).decode("utf-8", "surrogateescape").split("\0")
    objects = {}
    for line in filter(None, listed):
        about, _, name = line.partition("\t")
        mode, _, blob = about.split(" ")
        if mode in ("100644", "100755"):
            objects[name] = blob
    return dict(zip(objects, blobs(root, list(objects.values())), strict=True))


def blobs(root: Path, names: list[str]) -> list[bytes]:
    """Return the contents of objects such as ``SHA:./data/studies.csv``, in order; empty where there is none."""
    answer = io.BytesIO(run(root, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode()))
    contents = []
    for _ in names:
        *_, size = answer.readline().split()  # “SHA blob SIZE”, or “NAME missing”
        contents.append(b"" if size == b"missing" else answer.read(int(size) + 1)[:-1])
    return contents
