"""import: the configuration that does what a connector of Debezium does.

test/import has connectors of the shapes that they have in the wild, each with
what is printed of it in NAME.ini.  Where that changes on purpose:

    PYTHONPATH=test build/venv/bin/python test/e2e/test_import.py
"""

import re
import subprocess
from pathlib import Path

import pytest
from harness.process import ROOT
from harness.relay import BINARY

FOLDER = ROOT / "test" / "import"
CONNECTORS = sorted(path for path in FOLDER.iterdir() if path.suffix != ".ini")

# Files with several connectors, and the one that is taken.
CHOSEN = {"expand_info.json": "shop", "two_connectors.yaml": "items"}


def pg_outbox(*arguments: str, text: str | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [str(BINARY), *arguments],
        input=text, capture_output=True, text=True, timeout=60, check=False, cwd=FOLDER,
    )
    return done.returncode, done.stdout, done.stderr


def printed(path: Path) -> str:
    """What import prints of a connector."""
    name = CHOSEN.get(path.name)
    status, output, errors = pg_outbox(
        "import", path.name, *(["--connector", name] if name else [])
    )
    assert (status, errors) == (0, "")
    return output


def expected(path: Path) -> Path:
    return path.with_name(path.name + ".ini")


def settings(text: str) -> list[str]:
    """The lines that set something."""
    return [line for line in text.splitlines() if re.match(r"[a-z].* =|\[", line)]


@pytest.mark.parametrize("path", CONNECTORS, ids=lambda path: path.name)
def test_connector(path: Path, tmp_path: Path) -> None:
    text = printed(path)
    assert text == expected(path).read_text()
    # Nobody's secret is in it, and all that is not a comment is a setting.
    assert "s3cr3t" not in text
    file = tmp_path / "pg_outbox.ini"
    file.write_text(text)
    status, output, errors = pg_outbox("run", "-c", str(file), "--print-config")
    assert (status, errors) == (0, "")
    names = {line.partition(" =")[0] for line in settings(text)}
    assert names <= {line.partition(" =")[0] for line in settings(output)}


def test_every_connector_has_its_configuration() -> None:
    assert {expected(path) for path in CONNECTORS} == set(FOLDER.glob("*.ini"))
    assert len(CONNECTORS) >= 25


def test_every_option_is_known() -> None:
    """Nothing that the connector or the router has is taken for a misspelling."""
    assert "is no option of" not in expected(FOLDER / "every_option.properties").read_text()


def refused(path: Path, *arguments: str) -> str:
    status, output, errors = pg_outbox("import", str(path), *arguments)
    assert (status, output) == (2, "")
    assert errors.startswith("pg_outbox: ") and errors.count("\n") == 1
    return errors.removeprefix("pg_outbox: ").rstrip("\n").replace(f"{path.parent}/", "")


CONNECTOR = '"connector.class": "io.debezium.connector.postgresql.PostgresConnector"'

BAD = {
    "empty.json": (" \n", "empty.json: empty"),
    "text.properties": (
        "a = b\n",
        'text.properties: no connector in it: none has a "connector.class", nor is it a'
        " KafkaConnector of Strimzi",
    ),
    "array.json": (
        "[1, null, {}]",
        'array.json: no connector in it: none has a "connector.class", nor is it a'
        " KafkaConnector of Strimzi",
    ),
    "cut.json": ('{"name": "a",\n"config": {', "cut.json:2: no JSON: it ends too early"),
    "comma.json": (
        '{"name": "a"\n"config": {}}',
        "comma.json:2: no JSON: object value separator ',' expected",
    ),
    "more.json": ("{}\n}", "more.json:2: something follows the JSON"),
    "deep.json": ("[" * 100, "deep.json:1: no JSON: nesting too deep"),
    "tab.yaml": (
        "kind: KafkaConnector\nspec:\n\tclass: x\n",
        "tab.yaml:3: a tab, which YAML does not allow for indentation; write spaces",
    ),
    "bad.yaml": ("a: [b\nc: d\n", "bad.yaml:2: no YAML: did not find expected ',' or ']'"),
    "laughs.yaml": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdef", "bcdefg")
        ),
        "laughs.yaml:8: more in it than a connector has",
    ),
    "bytes.json": ("{\0}", "bytes.json: not a text file"),
    "mysql.json": (
        '{"name": "m", "config": {"connector.class":'
        ' "io.debezium.connector.mysql.MySqlConnector"}}',
        'mysql.json: connector "m" is of class io.debezium.connector.mysql.MySqlConnector;'
        " import takes over from PostgreSQL's, io.debezium.connector.postgresql.PostgresConnector",
    ),
    "changes.json": (
        f'{{"name": "c", {CONNECTOR}}}',
        'changes.json: connector "c" has no Event Router'
        " (io.debezium.transforms.outbox.EventRouter) among its transforms: it publishes change"
        " data, which pg_outbox does not",
    ),
    "two.json": (
        f'[{{"name": "a", {CONNECTOR}}}, {{"name": "b", {CONNECTOR}}}]',
        'two.json: 2 connectors: "a", "b"; choose one with --connector',
    ),
    "redis.properties": (
        "debezium.sink.type=redis\ndebezium.source.connector.class=PostgresConnector\n",
        "redis.properties: debezium.sink.type is redis; pg_outbox publishes to Kafka",
    ),
    "no_sink.properties": (
        "debezium.source.connector.class=PostgresConnector\n",
        "no_sink.properties: debezium.sink.type is not set; pg_outbox publishes to Kafka",
    ),
    "huge.json": (
        " " * (1024 * 1024 + 1),
        "huge.json: larger than 1 MB, which no configuration of a connector is",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file(name: str, tmp_path: Path) -> None:
    text, message = BAD[name]
    (tmp_path / name).write_text(text)
    assert refused(tmp_path / name) == message


def test_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "a.json") == "a.json: cannot be read: No such file or directory"
    (tmp_path / "b.json").mkdir()
    assert refused(tmp_path / "b.json") == "b.json: cannot be read: Is a directory"
    (tmp_path / "two.json").write_text(BAD["two.json"][0])
    assert refused(tmp_path / "two.json", "--connector", "c") == (
        'two.json: no connector "c", but "a", "b"'
    )


def test_command_line() -> None:
    assert pg_outbox("import") == (
        2, "", 'pg_outbox import: no FILE; try "pg_outbox import --help"\n'
    )
    assert pg_outbox("import", "a", "b") == (
        2, "", 'pg_outbox import: unexpected argument "b"\n'
    )
    assert pg_outbox("import", "a", "-d", "dbname=x")[2] == (
        'pg_outbox import: unknown option "-d"; try "pg_outbox import --help"\n'
    )
    status, output, _ = pg_outbox("import", "--help")
    assert status == 0
    assert output.startswith("pg_outbox import FILE [--connector NAME]\n")
    assert "Settings are read" not in output


def test_standard_input() -> None:
    path = FOLDER / "default.json"
    assert pg_outbox("import", "-", text=path.read_text()) == (
        0, expected(path).read_text(), ""
    )


if __name__ == "__main__":
    for connector in CONNECTORS:
        expected(connector).write_text(printed(connector))
