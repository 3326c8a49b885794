"""People in exports: their names and e-mails in every place where Label Studio writes them."""

import copy
import subprocess

EMAIL = "grete.hopper@galerie-museum.example"
NAMES = ("Grete", "Hopperova", "ghopper77", "+43 664 5550123", "GH_avatar.png")
WHO = {
    "id": 41,
    "email": EMAIL,
    "first_name": NAMES[0],
    "last_name": NAMES[1],
    "username": NAMES[2],
    "phone": NAMES[3],
    "avatar": f"/data/avatars/{NAMES[4]}",
    "initials": "GH",
}
AT = "2026-11-22T08:00:00.000000Z"
SIGNED = {"created_by": WHO, "created_at": AT, "updated_by": WHO}

FORMS = tuple(
    form
    for text in (EMAIL, *NAMES)
    for form in (text, text.lower(), text.replace("@", "%40"), text.encode().hex())
)
"""What is looked for: each as it is, in small letters, in addresses, and in hex."""


def signed(tasks):
    """The tasks as a server writes them that tells of people wherever it can."""
    made = copy.deepcopy(tasks)
    for task in made:
        for annotation in task["annotations"]:
            annotation |= {**SIGNED, "completed_by": WHO, "last_created_by": WHO}
            annotation["reviews"] = [{"id": 1, **SIGNED, "accepted": True, "comment": EMAIL}]
            annotation["comments"] = [{"id": 2, **SIGNED, "text": f"ask {NAMES[1]}"}]
            annotation["draft_user"] = annotation["created_username"] = f" {EMAIL}, 41"
            for entry in annotation["result"]:
                entry |= {**SIGNED, "completed_by": WHO, "origin": "manual"}
                entry["meta"] = {"text": [f"asked {EMAIL}"]}
            annotation["result"].append(
                {"type": "relation", "from_id": "r1", "to_id": "r2", "direction": "right", **SIGNED}
            )
        draft = {"id": 3, "user": EMAIL, "created_username": EMAIL, "result": [], **SIGNED}
        task |= {**SIGNED, "drafts": [draft], "comment_authors": [WHO], "annotators": [WHO]}
        task["predictions"] = [{"id": 4, "model_version": NAMES[2], "result": [], **SIGNED}]
        task["meta"] = {"imported_by": EMAIL}
    return made


def versioned(root):
    """Every file that git or DVC keeps, by path: tracked ones, and DVC's cache and locks."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    files = {root / name for name in filter(None, listed.split("\0"))}
    for folder in (".dvc", "data", "metrics", "plots"):
        files |= set((root / folder).rglob("*"))
    scratch = root / "data" / ".maskbench"  # neither git's nor DVC's: see .gitignore, .dvcignore
    return {f: f.read_bytes() for f in files if f.is_file() and not f.is_relative_to(scratch)}


def named(root, texts=FORMS):
    """The versioned files in whose name or content one of the texts is."""
    sought = [text.encode() for text in texts]
    return sorted(
        str(path.relative_to(root))
        for path, content in versioned(root).items()
        if any(text in content or text in path.name.encode() for text in sought)
    )
