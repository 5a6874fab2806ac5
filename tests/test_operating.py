"""What operators read and import says what the bot does: its metrics, log lines, commands and settings."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.__main__ import main
from bot.errors import Misconfiguration, Outage
from bot.settings.settings import Settings
from bot.slack.requests.share_plan import Ignored
from bot.telemetry import Metrics

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
GUIDE = (DOCS / "operating.md").read_text(encoding="utf-8")
ALERTS = yaml.safe_load((DOCS / "alerts.yml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((DOCS / "grafana.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
QUERIES = [rule["expr"] for rule in RULES] + [query["expr"] for panel in PANELS for query in panel["targets"]]

_PROMETHEUS_OWN = frozenset(
    {"up", "process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"}
)
"""Of the scrape itself, and of the client, which has them on Linux alone."""
_ALWAYS = frozenset({"job", "instance"})
"""Labels that Prometheus adds to whatever it scrapes."""
_SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "info": ("_info",),
}
_LOGGED = {"info", "warning", "error", "exception", "critical"}


def exported() -> dict[str, frozenset[str]]:
    """Each metric's name as Prometheus sees it, and its labels."""
    found = {}
    metrics = Metrics()
    # Not from what is collected: a metric with labels has no samples until it is used.
    for declared in vars(metrics).values():
        if hasattr(declared, "_labelnames"):
            for suffix in _SUFFIXES[declared._type]:
                found[f"{declared._name}{suffix}"] = frozenset(declared._labelnames)
    for family in metrics.registry.collect():
        for suffix in _SUFFIXES[family.type]:
            found.setdefault(f"{family.name}{suffix}", labels_of(family.samples))
    return found


def labels_of(samples: list[Any]) -> frozenset[str]:
    return frozenset(name for sample in samples for name in sample.labels)


def section(heading: str) -> str:
    """The text under a heading, down to the next one of its rank or above."""
    rank = heading.partition(" ")[0]
    _, found, rest = GUIDE.partition(f"\n{heading}\n")
    assert found, heading
    return re.split(rf"^#{{1,{len(rank)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text: str) -> set[str]:
    """What stands in backticks in the first cell of each row."""
    cells = re.findall(r"^\| ?([^|]*)\|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


_NAMED_WARNINGS = {"unanswered", "not_opened", "not_filled"}


def log_calls() -> Iterator[tuple[str, str]]:
    """Level and event of each line that the bot logs at INFO or above."""
    for path in (ROOT / "bot").rglob("*.py"):
        if "playground" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=logger, attr=level), args=[ast.Constant(value=str(event)), *_]
                ) if level in _LOGGED and "log" in ast.unparse(logger):
                    yield level, event
                # Handlers name the warning of what they share.
                case (
                    ast.keyword(arg=str(name), value=ast.Constant(value=str(event)))
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(event)))
                ) if name in _NAMED_WARNINGS:
                    yield "warning", event
                case _:
                    pass


def anchors() -> set[str]:
    """What the guide's headings and named places are called in links."""
    headings = re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', GUIDE))


def test_every_metric_is_explained_and_no_other() -> None:
    rows = re.findall(r"^\| `(threadscribe_\w+)` \|([^|]*)\|", section("## Metrics"), re.MULTILINE)
    told = {name: frozenset(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    ours = {
        re.sub(r"_(bucket|sum|count)$", "", name): labels
        for name, labels in exported().items()
        if name.startswith("threadscribe_")
    }
    assert told == ours


@pytest.mark.parametrize("query", QUERIES)
def test_alerts_and_dashboard_ask_for_metrics_and_labels_that_exist(query: str) -> None:
    known = exported()
    names = set(re.findall(r"\b((?:threadscribe|process)_\w+|up)\b", re.sub(r'"[^"]*"', '""', query)))
    assert names
    assert names <= known.keys() | _PROMETHEUS_OWN
    labels = set().union(*(known.get(name, frozenset()) for name in names)) | _ALWAYS | {"le"}
    chosen = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", query))
    grouped = {label.strip() for by in re.findall(r"\bby \(([^)]*)\)", query) for label in by.split(",")}
    assert chosen | grouped <= labels


@pytest.mark.parametrize("query", QUERIES)
def test_alerts_and_dashboard_choose_values_that_occur_and_count_only_what_grows(query: str) -> None:
    explained = set(re.findall(r"`(\w+)`", section("## Metrics")))
    for values in re.findall(r'(?:outcome|reason|state|part)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', query):
        assert set(values.split("|")) <= explained, values
    counted = re.findall(r"\b(?:rate|increase)\((\w+)", query)
    assert all(re.search(r"_(?:total|bucket|sum|count)$", name) for name in counted)
    ranges = re.findall(r"(\w+)\(\w+(?:\{[^}]*\})?\[", query)
    assert set(ranges) <= {"rate", "increase", "changes"}, "no other function here takes a range"
    assert len(ranges) == query.count("[")
    if "_bucket" in query:
        assert re.match(r"histogram_quantile\(0\.\d+, sum by \(le\b", query)
    assert closes(query)


def closes(text: str) -> bool:
    """Whether each bracket is closed by its own kind, in order."""
    bare = re.sub(r'"[^"]*"|[^()\[\]{}]', "", text)
    while (shorter := re.sub(r"\(\)|\[\]|\{\}", "", bare)) != bare:
        bare = shorter
    return not bare


def test_every_alert_says_how_long_how_bad_what_and_where_to_read_on() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    for rule in RULES:
        assert re.fullmatch(r"\d+m", rule["for"])
        assert rule["labels"] in ({"severity": "critical"}, {"severity": "warning"})
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["runbook"] == f"docs/operating.md#{rule['alert'].lower()}"
        assert section(f"### {rule['alert']}").strip()
    explained = set(re.findall(r"^### (Threadscribe\w+)$", GUIDE, re.MULTILINE))
    assert explained == set(names)


def test_the_dashboard_can_be_imported() -> None:
    ids = [panel["id"] for panel in PANELS]
    assert len(ids) == len(set(ids))
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    source = {"type": "prometheus", "uid": "${datasource}"}
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert all(query["datasource"] == panel["datasource"] == source for query in panel["targets"])
        assert len({query["refId"] for query in panel["targets"]}) == len(panel["targets"])
    own = set(re.findall(r"\$(?!__)\{?(\w+)", " ".join(QUERIES)))
    assert own <= variables.keys()
    assert float(variables["price"]["query"]) == Settings.model_fields["asr_price_per_second"].default
    assert not overlapping([panel["gridPos"] for panel in PANELS])


def overlapping(places: list[dict[str, int]]) -> bool:
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    return len(cells) > len(set(cells)) or any(x >= 24 for x, _ in cells)


def test_every_log_line_is_explained_at_its_level_and_no_other() -> None:
    told = {
        level: first_cells(section(heading)) - {"event"}
        for level, heading in (
            ("error", "### Errors: something for you to do"),
            ("warning", "### Warnings: it went on without, or tries again"),
            ("info", "### Information"),
        )
    }
    logged: dict[str, set[str]] = {level: set() for level in told}
    for level, event in log_calls():
        logged["error" if level in {"exception", "critical"} else level].add(event)
    assert told == logged


def test_every_reason_for_an_outage_and_every_ignored_event_is_explained() -> None:
    reasons = first_cells(section("### Reasons"))
    assert set(Misconfiguration) <= reasons
    assert {Outage.RECOGNISER, Outage.RECOGNISER_BUSY} <= reasons
    for why in Ignored:
        assert f"`{why}`" in section("## Metrics")


@pytest.mark.parametrize("name", ["README.md", "docs/operating.md", "compose.yaml"])
def test_every_command_exists(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    called = r"(?:python -m bot|--rm threadscribe|bin/threadscribe)"
    commands = set(re.findall(rf"{called} ([a-z]+)", text))
    assert commands
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0, command
        usage = capsys.readouterr().out
        for option in re.findall(rf"{called} {command} (--[a-z]+)", text):
            assert option in usage


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/operating.md"])
def test_every_target_of_make_exists(name: str) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    # In code alone: prose may say "make" too.
    told = set(
        re.findall(
            r"(?:`|^ *|&& )make (?:-s )?([a-z-]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    assert told
    assert told <= targets


def test_every_setting_exists() -> None:
    told = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)", GUIDE))
    assert told - {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"} <= {
        name.upper() for name in Settings.model_fields
    }


def test_every_link_leads_somewhere() -> None:
    here = anchors()
    links = re.findall(r"\]\(([^)]+)\)", GUIDE)
    assert len(links) > 20
    for link in links:
        path, _, anchor = link.partition("#")
        if path:
            assert path.startswith("https://") or (DOCS / path).exists(), link
        else:
            assert anchor in here, link


def test_every_picture_is_shown_by_the_readme_and_taken_by_a_test() -> None:
    shown = re.findall(r"docs/([a-z-]+\.png)", (ROOT / "README.md").read_text(encoding="utf-8"))
    taken = re.findall(r'"([a-z-]+\.png)"', (ROOT / "tests/browser/test_page.py").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(taken) == sorted(path.name for path in DOCS.glob("*.png"))
