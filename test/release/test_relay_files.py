"""Manual page, completion, units and configuration say what the program does."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import RELAY
from harness.process import ROOT, run


@pytest.fixture(scope="module")
def manual(installed: Path) -> str:
    """The manual page without roff's escapes."""
    text = (installed / "share" / "man" / "man1" / "pg_outbox.1").read_text()
    return text.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def test_the_manual_has_all_that_help_says(manual: str, commands: dict[str, str]) -> None:
    for name, text in commands.items():
        summary = text.split("\n\n")[1].rstrip(".")
        assert f".TP\n.B {name}\n{summary}\n" in manual
        options = re.findall(r"^ +(-\S.*?)  +(.*)$", text, re.M)
        assert len(options) >= 2
        for option, what in options:
            entry = manual.partition(f".TP\n.B {option}\n")[2].partition(".TP")[0]
            assert entry.startswith(f"{what}\n"), option
            listed = re.search(r"^Commands: (.*)$", entry, re.M)
            assert listed is None or name in listed[1].split(", ")
        usage = " ".join(text.splitlines()[0].split()[2:])
        assert f".B pg_outbox {name}\n{usage}\n" in manual


def test_the_manual_has_no_option_that_is_not_there(manual: str, commands: dict[str, str]) -> None:
    page = manual.partition(".SH OPTIONS")[2].partition(".SH SETTINGS")[0]
    for option in re.findall(r"--[a-z-]+", page):
        assert any(option in text for text in commands.values()), option


def test_the_manual_has_all_settings(manual: str, settings: list[tuple[str, str]]) -> None:
    page = manual.partition(".SH SETTINGS")[2].partition(".SH EXIT STATUS")[0]
    for section, key in settings:
        keys = page.partition(f".SS [{section}]\n")[2].partition(".SS [")[0]
        assert re.search(rf"^\.B {key}( = .*)?$", keys, re.M), (section, key)


def test_the_manual_is_of_this_version(manual: str, version: str) -> None:
    assert f'"pg_outbox {version}"' in manual
    assert not re.search(r"^@[A-Z]+@$", manual, re.M)


def test_roff_has_no_complaint(installed: Path) -> None:
    page = installed / "share" / "man" / "man1" / "pg_outbox.1"
    done = subprocess.run(
        ["groff", "-man", "-ww", "-z", "-K", "utf8", str(page)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""


def complete(installed: Path, *words: str) -> list[str]:
    """What bash offers for the last of the words, behind the program's name."""
    script = installed / "share" / "bash-completion" / "completions" / "pg_outbox"
    text = run(
        ["bash", "-c", '''
            . "$1"; shift
            compopt() { :; }  # bash has it only while it completes
            COMP_WORDS=(pg_outbox "$@")
            COMP_CWORD=$#
            complete -p pg_outbox > /dev/null
            _pg_outbox "$PROGRAM" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
            printf '%s\\n' "${COMPREPLY[@]}"''', "bash", str(script), *words],
        env={**os.environ, "PROGRAM": str(RELAY)}, cwd=ROOT,
    )  # fmt: skip
    return text.split()


def test_commands_are_completed(installed: Path, commands: dict[str, str]) -> None:
    assert set(complete(installed, "")) == {*commands, "--help", "--version"}
    assert complete(installed, "cr") == ["create-slot"]


def test_options_are_completed(installed: Path, commands: dict[str, str]) -> None:
    for name, text in commands.items():
        names = re.findall(r"^ +(?:(-.), )?(?:\s*)(--[a-z-]+)", text, re.M)
        wanted = {word for pair in names for word in pair if word}
        assert set(complete(installed, name, "-")) == wanted
    assert complete(installed, "run", "--cr") == ["--create-slot"]


def test_settings_are_completed(installed: Path, settings: list[tuple[str, str]]) -> None:
    wanted = {f"{section}.{key}=" for section, key in settings}
    assert set(complete(installed, "run", "-X", "")) == wanted
    assert complete(installed, "run", "-X", "relay.on") == ["relay.on_error="]


def test_values_are_left_to_the_user(installed: Path) -> None:
    assert complete(installed, "run", "-c", "consumer/main") == ["consumer/main.c"]
    assert complete(installed, "import", "consumer/main") == ["consumer/main.c"]
    assert complete(installed, "run", "-d", "") == []
    assert complete(installed, "run", "--slot", "") == []


UNITS = ["pg_outbox.service", "pg_outbox@.service"]


@pytest.mark.parametrize("name", UNITS)
def test_systemd_is_content_with_the_unit(installed: Path, name: str, tmp_path: Path) -> None:
    # A template is looked at as one of its instances; Documentation is asked of man.
    unit = tmp_path / name.replace("@", "@slot")
    shutil.copy(installed / "lib" / "systemd" / "system" / name, unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(unit)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "MANPATH": str(installed / "share" / "man")},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_has_few_rights(installed: Path, name: str) -> None:
    unit = installed / "lib" / "systemd" / "system" / name
    text = run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)])
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", text)[1])
    assert exposure <= 1.5, text


def read_unit(installed: Path, name: str) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(installed / "lib" / "systemd" / "system" / name)
    return parser["Service"]


def test_the_units_run_the_relay(installed: Path) -> None:
    for name, config in zip(UNITS, ["pg_outbox", "%i"]):
        service = read_unit(installed, name)
        assert service["ExecStart"] == f"{RELAY} run -c /etc/pg_outbox/{config}.conf"
        assert service["Type"] == "notify" and "WatchdogSec" in service
        statuses = re.search(
            r"RestartPreventExitStatus=([\d ]+)", (ROOT / "docs" / "configuration.md").read_text()
        )[1]
        assert service["RestartPreventExitStatus"] == statuses.strip()


def test_the_user_of_the_units_is_made(installed: Path) -> None:
    made = (installed / "lib" / "sysusers.d" / "pg_outbox.conf").read_text()
    service = read_unit(installed, UNITS[0])
    assert re.search(rf"^u {service['User']} ", made, re.M)
    assert service["Group"] == service["User"]


def test_the_configuration_is_accepted(installed: Path, tmp_path: Path) -> None:
    example = installed / "share" / "doc" / "pg_outbox" / "examples" / "pg_outbox.conf"
    filled_in = tmp_path / "pg_outbox.conf"
    # With all that is commented out, too, but for sentences.
    filled_in.write_text(re.sub(r"^;(?=[a-z])", "", example.read_text(), flags=re.M))
    (tmp_path / "password").write_text("secret\n")
    filled_in.write_text(
        filled_in.read_text().replace("/etc/pg_outbox/password", str(tmp_path / "password"))
    )
    for file in (example, filled_in):
        printed = run([str(RELAY), "run", "--print-config", "-c", str(file)])
    for line in ("host = db.example", "bootstrap.servers = k1.example:9092,k2.example:9092",
                 "listen = 127.0.0.1:9464", "tables = public.outbox"):  # fmt: skip
        assert f"\n{line}\n" in printed
