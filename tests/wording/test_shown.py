"""Nothing is shown that does not go through the catalog."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

import explainable_recsys
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.answers.texts import texts
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.metrics.records import ADDITIONS, METRICS
from explainable_recsys.wording.phrases import CATALOGS, DOMAIN

ROOT = Path(explainable_recsys.__file__).parent
SHOWN = ("app", "figures", "interface", "pipelines/evaluation", "reporting", "study", "wording")
"""Folders whose texts people read."""

ENGLISH = {
    *("configuration.py", "histories.py", "messages.py", "old_names.py", "stored.py", "workers.py"),
    *("study_plan.py", "plan.py", "long_form.py"),
    *("aims.py", "simulation.py"),  # statements in several languages, and what made-up people say
    *("details.py", "items.py", "runs.py", "service.py", "shelf.py", "tmdb.py"),
    *("api.py", "problems.py", "reference.py", "schemas.py"),
    "notices.py",
    *("databases.py", "store.py", "first.py", "export.py", "visitors.py"),  # SQL and a codebook too
}
"""Modules whose texts are errors, warnings, an API's description, or are to be told as they are."""

WRAPPED = {"phrase", "plural", "later", "InputError"}
"""Whose arguments are phrases, or errors."""

NO_PHRASES = [
    r"line-height: .*|<div .*|rgba.*",  # styles
    r"<script>[\s\S]*",
    r".*<svg .*|.*fill=.*|[^ ]*<(text|path|rect|/title|!doctype).*|\"[^ ]* [a-z-]+=.*",  # drawings
    r"(default-src|camera=|; frame|; Path|; Http|; Secure|public, |text/html|http-eq).*",  # headers
    r"request %s failed|study %s: %s|requests of .*|the last size takes all",  # of the log
    r"make viz|(kedro)? ?(run|explain|prune|summary) .*",  # commands
    r"users one after another|users browsed|users shown|\w* of a study",  # the names of draws
    r"rating points",  # a unit that a page asks for
    r"(top|middle|bottom) (left|center|right)|[xy]? domain|Arial, .*",  # plotly's names of places
    r"no difference|beyond accuracy|not applicable:",  # values in tables of results
]
"""Regular expressions of texts that are for no reader."""


def unwrapped(tree: ast.AST) -> Iterator[str]:
    """Literal texts that are neither phrases nor docstrings."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Call) and called(child) in WRAPPED:
            for value in child.keywords:
                yield from unwrapped(value)
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value
        yield from unwrapped(child)


def called(call: ast.Call) -> str:
    """The name of a function that is called."""
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def is_phrase(text: str) -> bool:
    """Whether it has a letter, and a space between two words."""
    return (
        bool(re.search(r"[^\W\d_]", text))
        and " " in text.strip()
        and not any(re.fullmatch(known, text, re.DOTALL) for known in NO_PHRASES)
    )


def test_the_check_sees_what_is_not_wrapped() -> None:
    tree = ast.parse("\"Says. A thing.\"\nprint(phrase('a b', c='d e'), f'g {h} i', 'j k')")
    assert [text for text in unwrapped(tree) if is_phrase(text)] == ["d e", "j k"]


def patched_together(tree: ast.AST) -> Iterator[str]:
    """Phrases that are not one literal text or a name, of which the catalog would get a mixture."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and called(call) in WRAPPED - {"InputError"}:
            for value in call.args[called(call) == "plural" :]:
                if not isinstance(value, ast.Constant | ast.Name | ast.Attribute):
                    literals = [n for n in ast.walk(value) if isinstance(n, ast.Constant)]
                    if any(isinstance(literal.value, str) for literal in literals):
                        yield ast.unparse(call)


def test_a_phrase_is_one_text() -> None:
    """Gathering takes all literals inside of a call for one phrase: choose between two calls."""
    tree = ast.parse("phrase('a b'); phrase(x.y); plural(n, 'a', 'b'); phrase('a' if n else 'b')")
    assert list(patched_together(tree)) == ["phrase('a' if n else 'b')"]
    files = [file for folder in SHOWN for file in (ROOT / folder).rglob("*.py")]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    assert not [call for tree in trees for call in patched_together(tree)]


def test_all_that_people_read_goes_through_the_catalog() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {text!r}"
        for folder in SHOWN
        for file in sorted((ROOT / folder).rglob("*.py"))
        if file.name not in ENGLISH
        for text in unwrapped(ast.parse(file.read_text(encoding="utf-8")))
        if is_phrase(text)
    ]
    assert not found, "wrap in phrase() of wording.phrases, and make phrases"


def test_the_texts_of_records_are_in_the_catalog() -> None:
    with (CATALOGS / "en" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalog = {message.id for message in read_po(file)}
    records = [*METRICS.values(), *STYLES.values(), *RECOMMENDERS.values(), *APPROACHES.values()]
    fields = ("label", "title", "definition", "note", "unit", "piece", "weight", "taken_away")
    shown = {getattr(record, field, "") for record in records for field in fields}
    shown |= {text for addition in ADDITIONS.values() for text in addition}
    assert len(shown) > 150
    assert not (shown | texts()) - catalog - {""}, "make phrases"


def bare(template: str) -> list[str]:
    """Words in a template that are no phrases, nor code: in text, attributes, and expressions."""
    parsed = Environment().parse(template)
    page = "".join(
        "{}" if not isinstance(node, nodes.TemplateData) else node.data
        for output in parsed.find_all(nodes.Output)
        for node in output.nodes
    )
    page = re.sub(r"<!DOCTYPE[^>]*>|<(style|script|code)\b.*?</\1>", "", page, flags=re.DOTALL)
    found = re.split(r"<[^>]*>", page) + re.findall(r'\b(?:aria-label|title|alt)="([^"]*)"', page)
    calls = [call for call in parsed.find_all(nodes.Call) if isinstance(call.node, nodes.Name)]
    phrases = {id(value) for call in calls if call.node.name in WRAPPED for value in call.args}
    literals = [c.value for c in parsed.find_all(nodes.Const) if id(c) not in phrases]
    return [text.strip() for text in found if re.search(r"[^\W\d_]", text)] + [
        text for text in literals if isinstance(text, str) and is_phrase(text)
    ]


def test_the_check_of_templates_sees_what_is_not_wrapped() -> None:
    assert bare('<p title="c">a {{ phrase("b") }}</p>{{ phrase("d e") }}{{ x or "f g" }}') == [
        "a {}",
        "c",
        "f g",
    ]


def test_all_words_of_a_page_go_through_the_catalog() -> None:
    templates = {file.name: bare(file.read_text(encoding="utf-8")) for file in ROOT.rglob("*.j2")}
    assert len(templates) > 10
    assert not {name: found for name, found in templates.items() if found}
