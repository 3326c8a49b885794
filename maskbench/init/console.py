"""Ask questions on a terminal, and print what was found and what to do next."""

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from shlex import quote

from maskbench.errors import MaskbenchError
from maskbench.init.create import has_identity, inside_git
from maskbench.init.new import Found
from maskbench.text import counted


def ask(question: str, default: str, choices: Collection[str] = ()) -> str:
    """Ask on a terminal, and return the answer; elsewhere return the default."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return default
    while True:
        try:
            answer = input(f"{question} [{default}] ").strip() or default
        except EOFError:
            return default
        if not choices or answer in choices:
            return answer


def choose_aliases(groups: Sequence[Sequence[str]], choice: str | None) -> dict[str, str]:
    """Return aliases for labels that differ only in case or blanks, if they are to be merged."""
    if not groups:
        return {}
    names = "; ".join(" and ".join(map(repr, group)) for group in groups)
    what = f"these labels differ only in case or blanks: {names}"
    choice = choice or ask(f"{what}. Merge or keep them?", "", ("", "merge", "keep"))
    if not choice:
        raise MaskbenchError(
            f"{what}; give --alike merge (one class, by aliases) or --alike keep (separate classes)"
        )
    return {name: group[0] for group in groups for name in group[1:] if choice == "merge"}


def print_files(files: Mapping[str, str | bytes], found: Found) -> None:
    """Print what would be written."""
    print("\nwould write:")
    names = [*files, "maskbench.txt", ".dvc/config"]
    print("\n".join(f"  {name}" for name in sorted(names)))
    if found.folder is not None:
        exports, images = len(found.folder.exports), len(found.survey.images)
        print(f"  data/inputs: {counted(exports, 'export')}, {counted(images, 'image')}")
    print(f"\nparams.yaml:\n{files['params.yaml']!s}", end="")


def print_next_steps(into: Path, found: Found, remote: str | None) -> None:
    """Print what to do next."""
    print(f"\nMade {into}. Next:\n  cd {quote(str(into))}")
    if found.folder is None:
        print("  echo 'LABEL_STUDIO_API_KEY=your-key' >> .env    # if it is not in the environment")
    if found.folder is not None and found.survey.problems:
        print(
            "  # put missing images into data/inputs/images (`maskbench doctor` lists them), then"
        )
        print("  dvc add data/inputs/images")
    print("  make                            # install what is pinned, build the benchmark")
    if not has_identity(into):
        print("  git config user.name 'Your Name' && git config user.email you@example.org")
    print("  git add -A && git commit -m 'First version'")
    if remote is None:
        print("  dvc remote add -d storage URL   # README.md, Share it")
    print("  dvc push")
    if not (into / ".git").exists() and inside_git(into):
        print("It lies inside another git repository, where .github/workflows is not looked for.")
