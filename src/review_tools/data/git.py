"""Git: the past states of the project's files, which are only read."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


class GitError(Exception):
    """Git is missing, or cannot answer. The message is meant for the person who asked."""


def run(root: Path, *words: str, stdin: bytes | None = None) -> bytes:
    """Return the output of one git command in ``root``.

    Raises:
        GitError: git is missing or refuses; the message holds its first line.
    """
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
    """Return the full name of the commit that a revision stands for.

    Raises:
        GitError: there is none.
    """
    try:
        name = run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except GitError as error:
        if str(error).startswith("fatal"):  # says why; about a name that it does not know git is quiet
            raise
        raise GitError(f"{revision!r} is neither a folder nor a revision that git knows here.") from None
    return name.decode().strip()


def files(root: Path, sha: str, *paths: str) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield name (relative to ``root``) and content of each regular file of a commit below ``paths``.

    Contents come as they are stored: nothing the commit holds (attributes, filters, links) is acted on.
    """
    listed = run(root, "ls-tree", "-r", "-z", sha, "--", *paths).decode("utf-8", "surrogateescape").split("\0")
    wanted = []
    for line in filter(None, listed):
        about, _, name = line.partition("\t")
        mode, kind, blob = about.split(" ")
        path = PurePosixPath(name)
        if kind == "blob" and mode != "120000" and ".." not in path.parts and not path.is_absolute():
            wanted.append((path, blob))
    contents = blobs(root, [blob for _, blob in wanted])
    yield from ((path, content) for (path, _), content in zip(wanted, contents, strict=True))


def blobs(root: Path, names: list[str]) -> list[bytes]:
    """Return the contents of objects such as ``SHA:./data/studies.csv``, in order; empty where there is none."""
    if not names:
        return []
    answer = run(root, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode())
    contents, at = [], 0
    for _ in names:
        end = answer.index(b"\n", at)
        words = answer[at:end].split(b" ")
        size = 0 if words[-1] == b"missing" else int(words[-1])
        contents.append(answer[end + 1 : end + 1 + size])
        at = end + 1 + (0 if words[-1] == b"missing" else size + 1)
    return contents
