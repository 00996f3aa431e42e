"""What `docker-compose.yml`, `deploy/` and its docs promise; nothing here needs Docker."""

import importlib.metadata
import itertools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema.validators
import promql_parser
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from moderation.records import CODES
from streams import metrics, metrics_review, serve, settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
WORKERS = ("worker-1", "worker-2")
PROMETHEUS: dict[str, Any] = yaml.safe_load(
    (DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8")
)
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads(
    (DEPLOY / "grafana" / "dashboards" / "overview.json").read_text("utf-8")
)
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
DATASOURCES: list[dict[str, Any]] = yaml.safe_load(
    (DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text("utf-8")
)["datasources"]
PROVIDERS: list[dict[str, Any]] = yaml.safe_load(
    (DEPLOY / "grafana" / "provisioning" / "dashboards" / "trollbridge.yml").read_text("utf-8")
)["providers"]
OPERATE = (ROOT / "docs" / "operate.md").read_text("utf-8")

PANEL_QUERIES = [
    (f"{panel['title']}/{target['refId']}", target["expr"])
    for panel in PANELS
    for target in panel["targets"]
]
ALERT_QUERIES = [(rule["alert"], rule["expr"]) for rule in RULES]

TARGET_LABELS = {"job", "instance"}
"""What Prometheus adds to every series that it scrapes."""


def own_labels() -> dict[str, set[str]]:
    """Labels of each metric of worker and review queue, by the name in `describe`."""
    # The library has no public way to ask for the labels.
    return {
        family.name: set(metric._labelnames)
        for module in (metrics, metrics_review)
        for metric in vars(module).values()
        if isinstance(metric, MetricWrapperBase)
        for family in metric.describe()
    }


def exported() -> dict[str, tuple[str, set[str]]]:
    """Each metric as /metrics names it: its type and labels."""
    labels = own_labels()
    return {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            labels.get(family.name, set()),
        )
        for module in (metrics, metrics_review)
        for family in module.REGISTRY.collect()
    }


def series() -> dict[str, set[str]]:
    """The labels of every series that a query may name."""
    found: dict[str, set[str]] = {"up": set()}
    for name, (kind, labels) in exported().items():
        if kind == "histogram":
            found |= {f"{name}_sum": labels, f"{name}_count": labels}
            found[f"{name}_bucket"] = labels | {"le"}
        else:
            found[name] = labels
    # The library reads these from /proc, which only Linux has; queries may name them anywhere.
    found |= {"process_cpu_seconds_total": set(), "process_resident_memory_bytes": set()}
    return {name: labels | TARGET_LABELS for name, labels in found.items()}


def parsed(query: str) -> promql_parser.Expr:
    """The query with Grafana's variables filled in."""
    filled = query.replace("$__rate_interval", "1m").replace("$__range", "1h")
    expression: promql_parser.Expr = promql_parser.parse(filled)
    return expression


def selectors(expression: promql_parser.Expr) -> list[promql_parser.VectorSelector]:
    """Every selector of an expression, those in ranges included."""
    found: list[promql_parser.VectorSelector] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)
        elif isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(expression, visit)
    return found


def groupings(
    expression: promql_parser.Expr,
) -> list[tuple[set[str], list[promql_parser.VectorSelector]]]:
    """The labels of every `by (…)`, with the selectors below it."""
    found: list[tuple[set[str], list[promql_parser.VectorSelector]]] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            found.append((set(node.modifier.labels), selectors(node.expr)))

    promql_parser.walk(expression, visit)
    return found


def queries() -> list[Any]:
    """Every query of the dashboard and the alerts, as test parameters."""
    return [pytest.param(query, id=name) for name, query in PANEL_QUERIES + ALERT_QUERIES]


def default(text: str) -> str:
    """Compose's interpolation with nothing set: `${NAME:-default}`."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def test_compose_matches_the_specification() -> None:
    """Docker refuses a file with a wrong or misplaced key; nobody can try it here."""
    # The package brings the schema; its own command is not needed and not imported.
    package = importlib.metadata.distribution("check-jsonschema")
    file = package.locate_file("check_jsonschema/builtin_schemas/vendor/compose-spec.json")
    schema = json.loads(Path(str(file)).read_text("utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [] == [error.message for error in validator.iter_errors(COMPOSE)]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_on_loopback(name: str) -> None:
    """Nothing is reachable from the network unless the operator says so."""
    for port in SERVICES[name].get("ports", []):
        assert "127.0.0.1" == default(port).split(":")[0]


def test_workers_publish_no_port() -> None:
    """Workers' metrics are for Prometheus, inside the Compose network."""
    assert [] == [name for name in WORKERS if "ports" in SERVICES[name]]


@pytest.mark.parametrize("name", SERVICES)
def test_image_is_pinned_or_built_here(name: str) -> None:
    """A start tomorrow runs what was tried today."""
    service = SERVICES[name]
    if "build" in service:
        assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    else:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_can_come_true(name: str) -> None:
    """A dependency on the health of a service without a health check never holds."""
    depends = SERVICES[name].get("depends_on", {})
    conditions = depends if isinstance(depends, dict) else {key: {} for key in depends}
    for other, condition in conditions.items():
        if condition.get("condition") == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        if condition.get("condition") == "service_completed_successfully":
            assert "restart" not in SERVICES[other]


@pytest.mark.parametrize("name", ["console", *WORKERS])
def test_processes_start_after_the_topics_are_there(name: str) -> None:
    """A worker or console without its topics ends at once."""
    expected = {"kafka": "service_healthy", "topics": "service_completed_successfully"}
    actual = {key: value["condition"] for key, value in SERVICES[name]["depends_on"].items()}
    assert expected == actual


@pytest.mark.parametrize("name", ["topics", "console", *WORKERS])
def test_environment_is_made_of_real_settings(name: str) -> None:
    """A misspelt variable would be ignored in silence."""
    given = SERVICES[name]["environment"]
    assert [] == [
        variable
        for variable in given
        if variable.removeprefix(settings.PREFIX).lower() not in settings.Settings.__struct_fields__
    ]
    settings.load(environment=given)


@pytest.mark.parametrize("name", WORKERS)
def test_workers_run_detoxify_and_can_be_scraped(name: str) -> None:
    """The image has the weights, so `auto` must not fall back to the built-in model."""
    loaded = settings.load(environment=SERVICES[name]["environment"]).settings
    assert "detoxify" == loaded.toxicity_backend
    assert ("0.0.0.0", 9464) == loaded.bind()  # noqa: S104 - inside the container


def test_console_trusts_the_way_in_and_nobody_else() -> None:
    """It listens for Docker's gateway alone to speak for others, and its metrics can be scraped."""
    loaded = settings.load(environment=SERVICES["console"]["environment"]).settings
    where = serve.address(loaded)
    assert f"127.0.0.1:{where.port}:{where.port}" == SERVICES["console"]["ports"][0]
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert (network["gateway"],) == loaded.console_trusted_proxies
    host, port = loaded.bind("review_metrics_bind")
    assert ("0.0.0.0", f"console:{port}") == (  # noqa: S104 - inside the container
        host,
        PROMETHEUS["scrape_configs"][1]["static_configs"][0]["targets"][0],
    )


def test_brokers_are_what_kafka_advertises() -> None:
    """A client that reaches an address which is not advertised fails at its second request."""
    environment = SERVICES["kafka"]["environment"]
    advertised = dict(
        listener.split("://") for listener in environment["KAFKA_ADVERTISED_LISTENERS"].split(",")
    )
    worker = settings.load(environment=SERVICES["worker-1"]["environment"]).settings
    host = settings.Settings().brokers
    assert {"INTERNAL": worker.brokers, "HOST": host} == advertised
    assert f"{host}:9092" == SERVICES["kafka"]["ports"][0]
    listening = {listener.split("://")[0] for listener in environment["KAFKA_LISTENERS"].split(",")}
    mapped = {
        pair.split(":")[0]
        for pair in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    }
    assert listening == mapped == {"INTERNAL", "HOST", "CONTROLLER"}


def test_workers_share_no_data_folder() -> None:
    """Two workers on one data folder would overwrite each other's state."""
    expected = {name: [f"{name}:/var/lib/trollbridge"] for name in WORKERS}
    assert expected == {name: SERVICES[name]["volumes"] for name in WORKERS}


def test_volumes_are_declared_and_folders_exist() -> None:
    """An undeclared volume is an error; a missing folder is created empty and owned by root."""
    sources = [
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    ]
    folders = [source for source in sources if source.startswith(".")]
    assert [] == [folder for folder in folders if not (ROOT / folder).is_dir()]
    assert set(COMPOSE["volumes"]) == set(sources) - set(folders)


def test_grafana_has_no_default_password() -> None:
    """`admin`/`admin` must never be the way in."""
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_SECURITY_ADMIN_PASSWORD"].startswith("${GRAFANA_PASSWORD:?")
    assert "false" == environment["GF_AUTH_ANONYMOUS_ENABLED"]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    lines = kept.replace("\\\n", " ").splitlines()
    parts = [line.partition(" ") for line in lines if line.strip()]
    return [(name, argument.strip()) for name, _, argument in parts]


def test_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    """An orchestrator that forbids root can only check a number."""
    last_stage = list(itertools.takewhile(lambda part: part[0] != "FROM", instructions()[::-1]))
    users = [argument for name, argument in last_stage if name == "USER"]
    assert ["10001:10001"] == users


def test_base_images_are_the_supported_python() -> None:
    """`latest`, or another Python than the project's, would change the image by itself."""
    bases = [argument.split()[0] for name, argument in instructions() if name == "FROM"]
    assert {"python:3.11-slim-bookworm"} == set(bases)


def test_image_never_downloads_when_it_runs() -> None:
    """Weights come in at build; a worker behind a firewall must start."""
    run = " ".join(argument for name, argument in instructions() if name == "RUN")
    environment = " ".join(argument for name, argument in instructions() if name == "ENV")
    assert "Detoxify('original')" in run
    assert "original" == settings.Settings().detoxify_variant
    assert "HF_HUB_OFFLINE=1" in environment


def test_image_environment_is_made_of_real_settings() -> None:
    """A misspelt variable would be ignored in silence."""
    given = dict(
        re.findall(
            rf"({settings.PREFIX}\w+)=(\S+)",
            " ".join(argument for name, argument in instructions() if name == "ENV"),
        )
    )
    origins = settings.load(environment=given).origins
    assert set(given) == {origin for origin in origins.values() if origin != "default"}


def test_build_context_has_what_the_image_copies() -> None:
    """`.dockerignore` leaves everything out that it does not name."""
    ignore = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in ignore if line.startswith("!")}
    copied = {
        source
        for name, argument in instructions()
        if name == "COPY" and not argument.startswith("--from")
        for source in argument.split()[:-1]
    }
    assert copied == kept
    assert [] == [name for name in kept if not (ROOT / name).exists()]


def test_lock_can_be_a_constraint() -> None:
    """A constraint must have no extras, and with hashes pip refuses the project's own folder."""
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert [] == [pin for pin in pins if "--hash" in pin or "[" in pin.partition("==")[0]]
    names = {pin.partition("==")[0].strip() for pin in pins}
    assert {"detoxify", "torch"} <= names


def test_prometheus_scrapes_every_process() -> None:
    """A process that is not scraped is missing from every panel and alert."""
    found = {
        job["job_name"]: job["static_configs"][0]["targets"] for job in PROMETHEUS["scrape_configs"]
    }
    expected = {
        "trollbridge": [f"{name}:9464" for name in WORKERS],
        "trollbridge-review": ["console:9465"],
    }
    assert expected == found


def test_rule_files_exist() -> None:
    """Prometheus skips a rule file that is not there, without a word."""
    assert ["alerts.yml"] == PROMETHEUS["rule_files"]
    assert (DEPLOY / "prometheus" / "alerts.yml").is_file()


@pytest.mark.parametrize("query", queries())
def test_query_names_exported_series(query: str) -> None:
    """A query on a metric that no worker exports shows an empty panel, or never alerts."""
    known = series()
    for selector in selectors(parsed(query)):
        assert selector.name in known
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= known[selector.name or ""]


@pytest.mark.parametrize("query", queries())
def test_query_groups_by_labels_that_exist(query: str) -> None:
    """Grouping by an absent label silently sums everything into one line."""
    known = series()
    for labels, below in groupings(parsed(query)):
        for selector in below:
            assert labels <= known[selector.name or ""]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_legends_show_labels_that_remain(panel: dict[str, Any]) -> None:
    """A legend with a label that the query has aggregated away is blank."""
    known = series()
    for target in panel["targets"]:
        expression = parsed(target["expr"])
        grouped = [labels for labels, _ in groupings(expression)]
        remaining = (
            set.union(*grouped)
            if grouped
            else set.union(*(known[one.name or ""] for one in selectors(expression)))
        )
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= remaining


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_alert_tells_whom_to_wake_and_what_to_do(rule: dict[str, Any]) -> None:
    """An alert without a severity reaches nobody; one without a playbook helps nobody."""
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert {"summary", "description"} == set(rule["annotations"])
    assert f"\n### {rule['alert']}\n" in OPERATE


def test_playbook_has_no_alert_too_many() -> None:
    """A section for an alert that was removed misleads."""
    section = OPERATE.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    assert [rule["alert"] for rule in RULES] == re.findall(r"^### (\w+)$", section, re.MULTILINE)


def test_dead_letter_codes_are_explained() -> None:
    """On-call looks a code up in docs/operate.md."""
    section = OPERATE.partition("\n## Dead letters\n")[2].partition("\n## ")[0]
    assert list(CODES) == re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_dashboard_uses_the_provisioned_datasource() -> None:
    """A panel with another datasource says "Datasource not found"."""
    (source,) = DATASOURCES
    used = {panel["datasource"]["uid"] for panel in PANELS}
    used |= {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}
    assert {source["uid"]} == used
    assert "http://prometheus:9090" == source["url"]


def test_provisioning_is_mounted_where_grafana_looks() -> None:
    """A provisioning folder that Grafana does not read leaves it empty, without an error."""
    mounts = dict(
        volume.split(":")[:2]
        for volume in SERVICES["grafana"]["volumes"]
        if volume.startswith("./")
    )
    folder = "/etc/grafana/provisioning"
    expected = {
        "./deploy/grafana/provisioning/datasources": f"{folder}/datasources",
        "./deploy/grafana/provisioning/dashboards": f"{folder}/dashboards",
        "./deploy/grafana/dashboards": PROVIDERS[0]["options"]["path"],
    }
    assert expected == mounts
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert f"{mounts['./deploy/grafana/dashboards']}/overview.json" == home


def test_panels_can_be_told_apart() -> None:
    """Grafana addresses a panel by its id, a person by its title."""
    ids = [panel["id"] for panel in PANELS]
    titles = [panel["title"].strip() for panel in PANELS]
    assert len(PANELS) == len(set(ids)) == len(set(titles))
    assert all(titles)


def test_panels_do_not_overlap() -> None:
    """Grafana moves overlapping panels about as it likes."""
    taken: dict[tuple[int, int], str] = {}
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for cell in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        ):
            assert cell not in taken
            taken[cell] = panel["title"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    """A number without unit, legend or explanation is read wrongly at night."""
    assert panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    if panel["type"] == "timeseries":
        assert all(target["legendFormat"] for target in panel["targets"])
        assert panel["options"]["legend"]["showLegend"]


def test_dashboard_shows_what_matters() -> None:
    """The overview must keep outcomes, reasons, latency, lag, dead letters and the queue."""
    shown = {selector.name for _, query in PANEL_QUERIES for selector in selectors(parsed(query))}
    assert {
        "trollbridge_comments_total",
        "trollbridge_reasons_total",
        "trollbridge_outcome_seconds_bucket",
        "trollbridge_lag_records",
        "trollbridge_lag_seconds",
        "trollbridge_dead_letters_total",
        "trollbridge_review_waiting_items",
        "trollbridge_review_oldest_seconds",
        "trollbridge_review_decisions_total",
    } <= shown


def documented() -> dict[str, tuple[str, set[str]]]:
    """The tables of docs/metrics.md: type and labels by name."""
    text = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \| \S[^|]* \|$", text, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_metrics_are_documented() -> None:
    """docs/metrics.md lists what a worker exports: no metric less, none more, types and labels."""
    actual = documented()
    process = {name for name in actual if name.startswith("process_")}
    # The library reads them from /proc, which only Linux has.
    expected = {name: actual[name] for name in process} | exported()
    assert expected == actual
