"""What must and must not be in the repository."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.source_tree import ROOT, repository_files, text_of

DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "SECURITY.md",
    "docs/why.md",
    "docs/architecture.md",
    "docs/operate",
    "docs/glossary.md",
    "docs/decisions",
)
# Hosts of package registries, in two halves so that this file does not hold what it forbids.
REGISTRY_HOSTS = [
    ".".join(halves)
    for halves in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("maven", "org"),
        ("maven.apache", "org"),
        ("npmjs", "org"),
        ("crates", "io"),
        ("proxy.golang", "org"),
        ("deb.debian", "org"),
    )
]
# Folders of one person's or one machine's making; folders of the system itself are no secret.
MACHINE_PATH = re.compile(r"(?<![\w.\-])/(?:work|root|home/[a-z]\w*|Users/\w+|opt/wheels)/")
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u26ff\u2705\u274c\u2728\u2b50\ufe0f]")
LINK = re.compile(r"\]\((?!\w+:|#)([^)\s#]+)")


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    """Place and line of every match in a text file of the repository."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in repository_files()
        for number, line in enumerate((text_of(path) or "").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is a setting of each machine."""
    assert lines_matching(re.compile("|".join(map(re.escape, REGISTRY_HOSTS)))) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    """It would be wrong on every other one."""
    assert lines_matching(MACHINE_PATH) == []


def test_no_file_holds_an_emoji() -> None:
    """Plain words are read everywhere."""
    assert lines_matching(EMOJI) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_document_exists(name: str) -> None:
    """And holds something."""
    path = ROOT / name
    assert any(path.iterdir()) if path.is_dir() else path.is_file() and path.stat().st_size > 0


def test_every_link_between_documents_leads_somewhere() -> None:
    """A link to a file that was moved is of no help in an outage."""
    dead = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in repository_files()
        if path.suffix == ".md"
        for target in LINK.findall(text_of(path) or "")
        if not (path.parent / target).exists()
    ]
    assert dead == []


def test_every_verb_of_the_makefile_is_documented() -> None:
    """`make` alone lists them all."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"^([a-z-]+):.*## \w", text, re.MULTILINE))


def requirements_in(path: Path) -> set[str]:
    """The requirements of an .in file, without comments and included files."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return {line for line in lines if line and not line.startswith("-r")}


def test_the_requirement_files_say_what_the_package_says() -> None:
    """What is tested is what a user of the package gets."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {each for group in project["optional-dependencies"].values() for each in group}
    own = {each for each in extras if each.startswith("lienthong[")}
    assert requirements_in(ROOT / "requirements" / "base.in") == set(project["dependencies"])
    assert requirements_in(ROOT / "requirements" / "all.in") == extras - own


@pytest.mark.parametrize("name", ["uv", "base", "all", "dev"])
def test_every_pinned_requirement_has_a_hash_and_no_address(name: str) -> None:
    """The same bytes on every machine, from whichever index that machine uses."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    pins = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert [line for line in pins if "==" not in line or "--hash=sha256:" not in line or "://" in line] == []
