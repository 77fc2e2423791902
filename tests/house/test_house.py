"""The house keeps its own rules: sizes, words, and pages that say what the code does."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SRC = ROOT / "src" / "tallystick"
MODULES = [path for path in SRC.rglob("*.py") if "migrations" not in path.parts]
LONGEST = 400
ONE_OF = 25  # so many modules may be longer than 250 lines


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


# Sizes.


def test_modules_are_small() -> None:
    too_long = {
        str(path.relative_to(SRC)): lines(path) for path in MODULES if lines(path) > LONGEST
    }
    assert too_long == {}
    long = [path for path in MODULES if lines(path) > 250]
    assert len(long) * ONE_OF <= len(MODULES), sorted(str(path.relative_to(SRC)) for path in long)


def test_functions_fit_a_screen() -> None:
    long = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                if size > 75:
                    long[f"{path.relative_to(SRC)}:{node.name}"] = size
    assert long == {}


def test_the_door_of_every_room_says_what_it_is_for_and_nothing_else() -> None:
    for path in SRC.rglob("__init__.py"):
        if "migrations" in path.parts:
            continue
        body = ast.parse(path.read_text()).body
        assert ast.get_docstring(ast.parse(path.read_text())), path
        assert len(body) == 1, f"{path} has more than a docstring"


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "common", "misc", "service"])
def test_no_file_is_named_for_nothing(name: str) -> None:
    assert list(SRC.rglob(f"{name}.py")) == []


def test_one_except_exception_in_the_engine() -> None:
    def catches_all(node: ast.AST) -> bool:
        return isinstance(node, ast.ExceptHandler) and (
            node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception")
        )

    found = [
        str(path.relative_to(SRC))
        for room in ("sync", "ledger", "operations", "connectors")
        for path in (SRC / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if catches_all(node)
    ]
    assert found == ["sync/turn.py"]


def test_every_silenced_rule_has_a_reason_beside_it() -> None:
    bare = re.compile(r"#\s*noqa(:\s*[A-Z0-9, ]+)?\s*$|#\s*type:\s*ignore(\[[^\]]*\])?\s*$")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if bare.search(line)
    ]
    assert found == []


# Words.


def test_screens_say_no_word_of_the_engine() -> None:
    inside = re.compile(r"\b(lane|delivery|deliveries|payload|entity|task)\b", re.I)
    shown = []
    for path in (SRC / "web" / "templates").rglob("*.html"):
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", " ", path.read_text(), flags=re.S)
        shown += [f"{path.name}: {word}" for word in inside.findall(text)]
    assert shown == []


def test_causes_say_no_word_of_the_engine() -> None:
    text = (SRC / "sync" / "words.py").read_text()
    said = [
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
    ]
    inside = re.compile(r"\b(lane|delivery|payload|entity|contractservice)\b", re.I)
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert [words for words in said if inside.search(words) and words not in docstring] == []


def test_the_vendors_words_stay_at_the_vendors_door() -> None:
    fields = re.compile(r"contractServiceID|adjustedUnitPrice|ContractServiceUnits|unitChange")
    allowed = {"connectors", "simulator"}
    found = [
        str(path.relative_to(SRC))
        for path in MODULES
        if path.relative_to(SRC).parts[0] not in allowed and fields.search(path.read_text())
    ]
    assert found == []


# Pages that are true.


def test_every_setting_is_in_the_manual_and_the_manual_names_no_other() -> None:
    name = re.compile(r"\bTALLYSTICK_[A-Z_]+\b")
    read = {found for path in MODULES for found in name.findall(path.read_text())}
    read |= {"TALLYSTICK_CHROMIUM"}  # the page tests'
    inside = {"TALLYSTICK_DATABASE_AS", "TALLYSTICK_PASSWORD"}
    manual = (ROOT / "docs" / "operating.md").read_text()
    named = set(name.findall(manual))
    for start, ends in re.findall(r"`(TALLYSTICK_SETTLE_SECONDS)`((?:, `_[A-Z_]+`)+)", manual):
        named |= {start} | {f"TALLYSTICK{end}" for end in re.findall(r"_[A-Z_]+", ends)}
    assert read - inside - named == set(), "read, and not in docs/operating.md"
    assert named - read == set(), "in docs/operating.md, and read by nobody"


def test_every_command_is_in_the_readme() -> None:
    from tallystick.cli.main import COMMANDS

    readme = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"`{name}" not in readme] == []


def test_no_page_says_a_thing_twice() -> None:
    twice = {}
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        said: dict[str, int] = {}
        for line in page.read_text().splitlines():
            words = " ".join(line.split())
            if len(words) > 60 and not set(words) <= set("|-: "):
                said[words] = said.get(words, 0) + 1
        if again := [words for words, times in said.items() if times > 1]:
            twice[page.name] = again
        rows = re.findall(r"^\| (`[^|]*) \|", page.read_text(), flags=re.M)
        if page.name == "README.md":
            assert len(set(rows)) == len(rows), "a command has two rows"
    assert twice == {}


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_room_is_in_the_guide() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = [path.parent.name for path in SRC.glob("*/__init__.py")]
    assert [room for room in rooms if not re.search(rf"\b{room}\b", guide)] == []


def test_every_promise_has_a_file_of_its_own() -> None:
    files = [path.name for path in (ROOT / "tests" / "scenarios").glob("test_p*.py")]
    numbers = {int(found.group(1)) for name in files if (found := re.match(r"test_p(\d+)_", name))}
    assert numbers == set(range(1, 11))


# What must not be in a commit.


def test_no_path_of_a_machine_and_no_private_word_is_committed() -> None:
    paths = re.compile(r"(?<![\w/.])/(?:work|root|home/\w+|Users/\w+)/")
    found = []
    for path in tracked():
        if path == Path(__file__) or "vendor" in path.parts or path.suffix in {".woff2", ".png"}:
            continue
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), start=1):
            if paths.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_locks_have_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        assert "--hash=sha256:" in text, name
    ignored = (ROOT / ".gitignore").read_text().split()
    assert "uv.lock" in ignored


def test_everything_we_depend_on_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), flags=re.M)
    )
    wanted = {re.split(r"[\[<>=]", one)[0].lower() for one in project["dependencies"]}
    assert wanted - locked == set()


# The database.


def test_no_lock_of_a_row_stands_in_the_way_of_a_foreign_key() -> None:
    """A key is looked up at the commit, when the tenant's chain of audit logs may be held already:
    a plain FOR UPDATE of the row it points to, and both would wait for each other."""
    call = re.compile(r"select_for_update\([^)]*\)*")
    plain = {
        str(path.relative_to(SRC)): found
        for path in MODULES
        for found in call.findall(path.read_text().replace('("self",)', ""))
        if "no_key=True" not in found
    }
    assert plain == {}


def test_models_and_migrations_agree(db: None) -> None:
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_event_and_status_has_a_label_and_a_tone() -> None:
    from tallystick.audit.events import Event, Status
    from tallystick.ledger.badge import BadgeKind
    from tallystick.ledger.state import State

    assert all(event.label for event in Event)
    assert len({event.label for event in Event}) == len(Event)
    for kind in (Status, State, BadgeKind):
        assert all(one.label and one.tone for one in kind)
