"""Rules of our own that no linter has: each a function from a module's tree to what breaks it.

Ruff has the nearest of the rest (``S``: certificates not verified, ``mark_safe``, SQL of pieces;
``DTZ``: moments without a zone); these also see what it does not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

Rule = Callable[[ast.Module], Iterator[int]]
RETRIERS = {"tenacity", "backoff", "stamina", "retrying", "urllib3", "requests"}
RETRIES = {"retries", "max_retries", "retry", "read_retries"}
WRITES = {"post", "put", "patch", "delete"}
MONEY = re.compile(r"(^|_)(price|prices|cost|costs|amount|amounts|money|erp|stake)($|_)")
QUESTIONS = {"execute", "executemany", "raw", "RawSQL", "RunSQL", "extra"}
TRUSTED = {"mark_safe", "SafeString", "SafeText", "SafeData"}
NO_CHECKS = {"CERT_NONE", "_create_unverified_context", "disable_warnings"}
LOGS = {"debug", "info", "warning", "error", "exception", "critical"}


def no_write_is_retried(tree: ast.Module) -> Iterator[int]:
    """No retrying library, no retries of the transport, no write in a loop that tries again."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if any(name.split(".")[0] in RETRIERS for name in named):
                yield node.lineno
        if isinstance(node, ast.keyword) and node.arg in RETRIES and not _is_nothing(node.value):
            yield node.value.lineno
        if isinstance(node, ast.While | ast.For):
            yield from (
                call.lineno
                for call in ast.walk(node)
                if isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr in WRITES
                and any(isinstance(inner, ast.Try) for inner in ast.walk(node))
            )


def certificates_are_verified(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        asked = isinstance(node, ast.keyword) and node.arg in {"verify", "check_hostname"}
        if asked and _is_nothing(node.value):
            yield node.value.lineno
        if (
            isinstance(node, ast.Assign)
            and _is_nothing(node.value)
            and any(
                isinstance(to, ast.Attribute) and to.attr == "check_hostname" for to in node.targets
            )
        ):
            yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr in NO_CHECKS:
            yield node.lineno


def moments_have_a_zone(tree: ast.Module) -> Iterator[int]:
    """Not made without one, and not robbed of it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        zone = [one.value for one in node.keywords if one.arg == "tzinfo"]
        if name == "replace" and any(_is_nothing(value) for value in zone):
            yield node.lineno
        if name == "datetime" and not zone and len(node.args) in range(3, 8):
            yield node.lineno
        if name in {"utcnow", "utcfromtimestamp"} or (name == "fromtimestamp" and _lone(node)):
            yield node.lineno


def money_is_never_a_float(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        named, kind = "", None
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            named, kind = node.target.id, node.annotation
        elif isinstance(node, ast.arg):
            named, kind = node.arg, node.annotation
        if kind is not None and MONEY.search(named) and "float" in ast.unparse(kind):
            yield node.lineno
        if not isinstance(node, ast.Call):
            continue
        of_money = any(MONEY.search(name) for name in _names(node.args))
        if _called(node) == "FloatField" or (_called(node) == "float" and of_money):
            yield node.lineno


def sql_is_never_put_together(tree: ast.Module) -> Iterator[int]:
    """A question is a constant, or composed of ``psycopg.sql``; what varies is a parameter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in QUESTIONS and node.args:
            asked = node.args[0]
            formatted = isinstance(asked, ast.Call) and _called(asked) == "format"
            of_text = formatted and isinstance(asked.func.value, ast.Constant | ast.JoinedStr)  # type: ignore[attr-defined]  # an attribute's call
            if isinstance(asked, ast.JoinedStr) or of_text or _is_joined(asked):
                yield node.lineno


def markup_is_never_trusted(tree: ast.Module) -> Iterator[int]:
    """``format_html`` escapes what it is given: it gets a constant. Nothing else makes markup."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        made = node.args[:1] if _called(node) == "format_html" else []
        joined = any(isinstance(one, ast.JoinedStr) or _is_joined(one) for one in made)
        if joined or _called(node) in TRUSTED:
            yield node.lineno


def secrets_are_never_logged(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in LOGS | {"print"}:
            inside = (one for one in ast.walk(node) if isinstance(one, ast.Call))
            revealed = any(_called(one) == "reveal" for one in inside)
            yield from [node.lineno] * revealed


RULES: tuple[Rule, ...] = (
    no_write_is_retried,
    certificates_are_verified,
    moments_have_a_zone,
    money_is_never_a_float,
    sql_is_never_put_together,
    markup_is_never_trusted,
    secrets_are_never_logged,
)
TRUSTED_IN_A_PAGE = re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off")


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _is_joined(node: ast.expr) -> bool:
    """``"..." + x`` or ``"..." % x``; a question asked with ``%`` is given its parameters apart."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add | ast.Mod):
        return False
    return not (isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant))


def _lone(node: ast.Call) -> bool:
    return len(node.args) + len(node.keywords) == 1


def _names(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        for one in ast.walk(node):
            if isinstance(one, ast.Name):
                yield one.id
            if isinstance(one, ast.Attribute):
                yield one.attr
