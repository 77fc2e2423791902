"""No secret in the repository: every tracked file is looked through by detect-secrets.

What it finds and is none is in ``known_secrets.txt``, each under the reason why. A line of it that
finds nothing any more is to go, so that it excuses nothing that comes later.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).parent.parent.parent
# What is sent to Autotask, Microsoft and Pax8, what runs the program, what it is built with.
SHAPES = [
    *("AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector"),
    *("GitLabTokenDetector", "JwtTokenDetector", "NpmDetector", "PrivateKeyDetector"),
    *("PypiTokenDetector", "SendGridDetector", "SlackDetector", "StripeDetector"),
    *("Base64HighEntropyString", "HexHighEntropyString"),
]
# Whatever is called a password or a secret. Tests have many, made up and called what they are.
NAMES = ["KeywordDetector"]
MADE_UP = ("tests/", "benchmarks/")
# Hashes of packages; what others wrote; and what is known.
LEFT_OUT = ("requirements", "src/tallystick/web/static/vendor/", "tests/house/known_secrets.txt")
Found = set[tuple[str, str]]


def found_in(paths: list[str], *, named: bool) -> Found:
    """Each with the file it is in, from the checkout on."""
    shapes = [*SHAPES, *(NAMES if named else [])]
    with transient_settings({"plugins_used": [{"name": shape} for shape in shapes]}):
        return {
            (str(Path(path).relative_to(ROOT)) if Path(path).is_relative_to(ROOT) else path, value)
            for path in paths
            for one in scan_file(path)
            if (value := one.secret_value or "")
        }


def known() -> Found:
    lines = Path(__file__).with_name("known_secrets.txt").read_text().splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return {(path, value) for path, value in pairs}


def tracked() -> list[str]:
    said = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = [name for name in said.stdout.decode().split("\0") if name]
    return [name for name in names if not name.startswith(LEFT_OUT)]


def test_there_is_none_and_every_known_one_is_there() -> None:
    names = tracked()
    assert len(names) > 1000
    made_up = [str(ROOT / name) for name in names if name.startswith(MADE_UP)]
    others = [str(ROOT / name) for name in names if not name.startswith(MADE_UP)]
    found = found_in(made_up, named=False) | found_in(others, named=True)
    assert found - known() == set(), "a secret: take it out, and change it where it is used"
    assert known() - found == set(), "not there any more: take the line out of known_secrets.txt"


@pytest.mark.parametrize(
    "planted",
    [
        "KEY = 'AKIA" + "IOSFODNN7EXAMPLQ'",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "url = 'https://api:hunter" + "22@webservices5.autotask.net'",
        "token = 'ghp_" + "aB1" * 12 + "'",
        "integration_code = '3f9Kd82hQz7LmWx0" + "PbTnVyRs4GcJ6Ea1'",
        "password = 'as-it-is" + "-in-production'",
    ],
)
def test_each_kind_is_found(planted: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text(planted + "\n")
    assert found_in([str(file)], named=True)
