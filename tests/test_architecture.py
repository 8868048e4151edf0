"""The house: what may import what, and one record for everything that has a name."""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import explainable_recsys
from explainable_recsys import pipelines
from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.knowledge import KNOWLEDGE
from explainable_recsys.answers.pairs import APPROACHES, explainers_for, knowledge_of
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.app import details

PACKAGE = "explainable_recsys"
ROOT = Path(explainable_recsys.__file__).parent
PROJECT = ROOT.parents[1]

DRAWING = re.search(
    r"```text\n(.*?)```", (PROJECT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL
)
assert DRAWING, "CONTRIBUTING draws the floors"
ROOF_TO_GROUND = DRAWING[1].splitlines()
LIBRARY_BELOW = next(n for n, line in enumerate(ROOF_TO_GROUND) if line.startswith("---"))
FLOORS = [line.split() for line in reversed(ROOF_TO_GROUND) if not line.startswith("---")]
"""From the ground up, as CONTRIBUTING draws them."""

LIBRARY = {name for line in ROOF_TO_GROUND[LIBRARY_BELOW + 1 :] for name in line.split()}
PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def module_name(path: Path) -> str:
    """`recommenders.als`, and `recommenders` for its `__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


FILES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def imported(name: str) -> Iterator[str]:
    """Full names of all that a module imports, in its functions too."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(imports: Iterable[str]) -> set[str]:
    """The modules of the package among the imports."""
    found = set()
    for target in imports:
        if target.startswith(f"{PACKAGE}."):
            module = target.removeprefix(f"{PACKAGE}.")
            found.add(module if module in TREES else module.rpartition(".")[0])
    return found - {""}


def test_imports_lead_down_from_floor_to_floor() -> None:
    height = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    assert {name.partition(".")[0] for name in TREES} - {""} == set(height)
    problems = []
    for name in TREES:
        part = name.partition(".")[0]
        imports = set(imported(name))
        for target in ours(imports):
            if height[target.partition(".")[0]] > height.get(part, 0):
                problems.append(f"{name} imports {target}, which lies above it")
        tops = {target.partition(".")[0] for target in imports}
        if part in LIBRARY and any(top.startswith("kedro") for top in tops):
            problems.append(f"{name} is of the library and imports Kedro")
        if tops & PICKLES:
            problems.append(f"{name} imports {tops & PICKLES}")
    assert "recommenders.base" in ours(imported("recommenders.als"))
    assert not problems, "\n".join(problems)


def test_no_import_leads_back_to_where_it_came_from() -> None:
    finished: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in finished:
            for target in sorted(ours(imported(name)) - {name}):
                if not name.startswith(f"{target}."):  # a package around it is no dependency
                    visit(target, (*path, name))
            finished.add(name)

    for name in TREES:
        visit(name, ())
    assert "answers.answer" in finished


def test_no_module_of_the_pipelines_knows_half_the_house() -> None:
    known = {name: ours(imported(name)) for name in TREES if name.startswith("pipelines.")}
    assert {name: len(found) for name, found in known.items() if len(found) > 10} == {}
    assert "pipelines.pictures" in known["pipelines.family_nodes"]


def test_details_of_movies_are_shown_and_reach_nothing_else() -> None:
    """TMDb gives them for no machine learning."""
    readers = {name for name in TREES if {"app.details", "app.tmdb"} & ours(imported(name))}
    assert {name.partition(".")[0] for name in readers} == {"app", "cli"}
    for name in (details.FOLDER, details.LINKS):
        users = [module for module, path in FILES.items() if name in path.read_text("utf-8")]
        assert set(users) <= {"app.details", "datasets.fetch"}, f"{name} in {users}"
        for file in (PROJECT / "conf").rglob("*.yml"):
            assert name not in file.read_text("utf-8"), f"{file} names {name}"


def test_everything_with_a_name_has_one_record_that_fits() -> None:
    families = [*RECOMMENDERS, *KNOWLEDGE, *APPROACHES]
    assert len(set(families)) == len(families), "a name belongs to one family"
    for name in [*families, *EXPLAINERS]:
        assert re.fullmatch(r"[a-z][a-z_]*", name)
    for record in [*RECOMMENDERS.values(), *APPROACHES.values()]:
        assert record.title
    for pair in APPROACHES.values():
        assert pair.about.endswith("."), f"{pair.name}: a line that is a sentence"
        assert pair.explainer in explainers_for(pair.recommender), pair.name
        assert set(knowledge_of(pair)) <= set(KNOWLEDGE), pair.name
    assert set(CONTROLS) <= set(RECOMMENDERS)
    folders = {module.name for module in pkgutil.iter_modules(pipelines.__path__) if module.ispkg}
    about_all = {"data_processing", "recommenders", "knowledge", "diagnostics", "evaluation"}
    assert folders == {*APPROACHES, *about_all, "study_analysis", "tuning"}
    assert {pair.name for pair in APPROACHES.values() if pair.on_request} < pipelines.ON_REQUEST


def test_every_module_says_what_it_is_for_and_nothing_is_pickled() -> None:
    problems = []
    for name, tree in TREES.items():
        docstring = ast.get_docstring(tree) or ""
        if not docstring.partition("\n")[0].endswith((".", "?", "!")):
            problems.append(f"{name} does not say in a sentence what it is for")
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                forbidden = isinstance(node.value, ast.Constant) and node.value.value is False
                problems += [] if forbidden else [f"{name} allows pickle"]
            if isinstance(node, ast.Attribute) and node.attr in {"read_pickle", "to_pickle"}:
                problems.append(f"{name} uses {node.attr}")
    assert not problems, "\n".join(problems)
