"""The bibliography loses nothing and invents nothing."""

import re
from pathlib import Path

import review_tools as rt


def test_every_entry_of_the_file_is_read(root: Path) -> None:
    text = (root / "references.bib").read_text(encoding="utf-8")
    assert len(rt.bibliography()) == len(re.findall(r"^@", text, re.MULTILINE))


def test_a_label_is_honest_about_what_is_unknown() -> None:
    works = rt.bibliography()
    assert works["hackel_2023_immunological"].label == "Hackel et al. 2023"
    assert works["unnamed_nd_lactate"].label.startswith("“Lactate")
    assert works["unnamed_nd_lactate"].label.endswith("n.d.")


def test_braces_and_escapes_are_for_tex_only() -> None:
    for work in rt.bibliography().values():
        assert not re.search(r"[{}]|\\[&%#_$]", work["title"])
