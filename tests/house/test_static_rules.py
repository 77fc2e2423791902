"""Rules about what is dangerous here: the program keeps them, and each catches its example."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from static_rules import RULES, TRUSTED_IN_A_PAGE, Rule

ROOT = Path(__file__).parent.parent.parent
SRC = ROOT / "src" / "tallystick"

CAUGHT = {
    "no_write_is_retried": [
        "import tenacity",
        "from urllib3.util.retry import Retry",
        "HTTPTransport(retries=3)",
        "@task(name='send', retry=True)\ndef send(): ...",
        "for _ in range(3):\n    try:\n        client.post(url)\n    except Timeout:\n        pass",
    ],
    "certificates_are_verified": [
        "Client(verify=False)",
        "context.check_hostname = False",
        "context.verify_mode = ssl.CERT_NONE",
        "ssl._create_unverified_context()",
    ],
    "moments_have_a_zone": [
        "datetime(2026, 5, 1)",
        "now.replace(tzinfo=None)",
        "datetime.utcnow()",
        "datetime.fromtimestamp(1)",
    ],
    "money_is_never_a_float": [
        "unit_price: float = 1.0",
        "def bill(cost: float | None): ...",
        "float(row.unit_price)",
        "models.FloatField()",
    ],
    "sql_is_never_put_together": [
        "cursor.execute(f'SELECT {name}')",
        "cursor.execute('SELECT ' + name)",
        "cursor.execute('SELECT %s' % name)",
        "cursor.execute('SELECT {}'.format(name))",
        "RawSQL(f'{column} > 1', [])",
    ],
    "markup_is_never_trusted": [
        "mark_safe(text)",
        "SafeString(text)",
        "format_html(f'<b>{name}</b>')",
        "format_html('<b>' + name)",
    ],
    "secrets_are_never_logged": ["log.info('key', value=secret.reveal())"],
}
LET_THROUGH = [
    "HTTPTransport(retries=0)",
    "Client(verify=context)",
    "datetime(2026, 5, 1, tzinfo=UTC)",
    "said.replace(tzinfo=UTC)",
    "unit_price: Decimal",
    "float(seconds)",
    "cursor.execute('SELECT 1 WHERE id = %s', [one])",
    "cursor.execute(sql.SQL('SELECT {}').format(sql.Identifier(name)))",
    "format_html('<b>{}</b>', name)",
    "log.info('key', id=key.id)",
]
# A rule, a place, and why it is no danger there.
SEEN_AND_FINE = {
    (
        "moments_have_a_zone",
        "sources/partner_center/certificates.py",
    ): "what checks certificates asks for UTC without its name",
    ("sql_is_never_put_together", "kit/seal_lock.py"): "one of two functions named in that file",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_program_keeps_it(rule: Rule) -> None:
    found = {
        f"{path.relative_to(SRC)}:{line}"
        for path in SRC.rglob("*.py")
        if (rule.__name__, str(path.relative_to(SRC))) not in SEEN_AND_FINE
        for line in rule(ast.parse(path.read_text()))
    }
    assert found == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_catches_its_examples_and_nothing_like_them(rule: Rule) -> None:
    missed = [text for text in CAUGHT[rule.__name__] if not list(rule(ast.parse(text)))]
    assert missed == []
    assert [text for text in LET_THROUGH if list(rule(ast.parse(text)))] == []


def test_what_was_seen_and_is_fine_is_still_there() -> None:
    by_name = {rule.__name__: rule for rule in RULES}
    for name, place in SEEN_AND_FINE:
        assert list(by_name[name](ast.parse((SRC / place).read_text()))), (name, place)


def test_no_page_trusts_what_it_shows() -> None:
    pages = list((SRC / "web" / "templates").rglob("*.html"))
    assert pages
    assert [page.name for page in pages if TRUSTED_IN_A_PAGE.search(page.read_text())] == []
    for example in ("{{ name|safe }}", "{{ names | safeseq }}", "{% autoescape off %}"):
        assert TRUSTED_IN_A_PAGE.search(example), example
