"""The verb `lienthong docs`: write the generated pages of `docs/reference`."""

from pathlib import Path
from typing import Annotated

import typer

from lienthong_infra import exit_codes

Folder = Annotated[Path, typer.Option("--into", help="Folder of the pages.")]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 if a page is out of date.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("docs")(_docs)


def _docs(into: Folder = Path("docs/reference"), check: Check = False) -> None:
    """Write the reference pages (topics, schemas, states, findings, settings, …) and the examples in other pages."""
    from lienthong.reference_pages import PAGES

    stale = []
    pages = {into / name: page() for name, page in PAGES.items()}
    pages.update(_examples(into.parent))
    for path, text in pages.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    typer.echo("\n".join(f"{'out of date' if check else 'wrote'}: {path}" for path in stale) or "up to date")
    raise typer.Exit(exit_codes.PROBLEMS_FOUND if check and stale else exit_codes.GOOD)


def _examples(docs: Path) -> dict[Path, str]:
    """The examples beside the reference pages that the code writes, where that folder has them."""
    from lienthong.explain.example import written

    return written(docs) if (docs / "late.md").is_file() else {}
