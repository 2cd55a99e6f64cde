"""`gen-client doctor`: the problems that it reports, and that it never prints a credential."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from clarigen.testing import Samples, serve
from faults.platform_standin import PAT, Standin
from gen_client import cli
from support import ROOT, SOURCES, run

Doctor = Callable[..., tuple[int, str]]
LOCK = ROOT / "generated" / "detector"


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Run the command and return its exit code and output."""

    def call(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.main(["doctor", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert err == ""
        assert all(line.isprintable() for line in out.split("\n"))
        assert code == ("  fault  " in out)
        return code, out

    return call


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """A stand-in of the platform, with a credential for it."""
    with Standin(secure=True) as standin:
        monkeypatch.setenv("CLARIFAI_API_BASE", standin.base_url)
        monkeypatch.setenv("CLARIFAI_ROOT_CERTIFICATES_PATH", standin.certificates)
        monkeypatch.setenv("CLARIFAI_PAT", PAT)
        yield standin


def test_doctor_reports_no_problem(doctor: Doctor, platform: Standin) -> None:
    code, out = doctor(LOCK, LOCK / "signatures.json")
    assert code == 0
    assert out.startswith("gen-client 0.")
    assert "  ok     credential: CLARIFAI_PAT is set\n" in out
    assert f"localhost:{platform.port} answers, for the user 'acme'\n" in out
    assert "  ok     grpcio: " in out
    assert "  ok     black: " in out
    assert out.count("is up to date\n") == 2
    assert platform.rpcs == ["GetUser"]


@pytest.mark.parametrize(
    "message", [f"your key {PAT} is bad", f"{PAT}\n::error::{PAT}", f"Key {PAT}"]
)
def test_doctor_hides_a_credential_that_the_server_repeats(
    doctor: Doctor, platform: Standin, message: str
) -> None:
    platform.failing["GetUser"] = (11008, message)
    code, out = doctor()
    assert code == 1
    assert PAT not in out
    assert "[credential]" in out
    assert "refused the credential" in out


def test_doctor_detects_quotes_around_a_credential(
    doctor: Doctor, platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARIFAI_PAT", f'"{PAT}"')
    code, out = doctor()
    assert code == 1
    assert "CLARIFAI_PAT has quotes around it\n" in out
    assert PAT not in out


def test_doctor_detects_two_credentials(
    doctor: Doctor, platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARIFAI_SESSION_TOKEN", "another-secret")
    code, out = doctor()
    assert code == 0
    assert "  note   credential: CLARIFAI_SESSION_TOKEN is set as well, and is not used\n" in out
    assert "another" not in out


def test_doctor_without_a_credential_sends_nothing(doctor: Doctor) -> None:
    code, out = doctor()
    assert code == 0
    assert "  note   credential: there is none\n" in out
    assert "  note   platform: is not asked without a credential\n" in out


def test_doctor_reports_an_unreachable_platform(doctor: Doctor) -> None:
    code, out = doctor("--api-base", "grpc://127.0.0.1:1")
    assert code == 1
    assert "  fault  platform: 127.0.0.1:1 cannot be reached" in out


def test_doctor_checks_a_local_runner(doctor: Doctor) -> None:
    signature = {
        "name": "a",
        "method_type": "UNARY_UNARY",
        "output_fields": [{"name": "return", "type": "STR"}],
    }
    with serve(Samples([signature])) as server:
        code, out = doctor("--api-base", server.url, "--url", server.url)
    assert code == 0
    assert "it is a local runner\n" in out
    assert "has 1 method\n" in out


def test_doctor_counts_the_tools_of_a_model(doctor: Doctor, tmp_path: Path) -> None:
    file = tmp_path / "tools.json"
    file.write_text('{"tools": [{"name": "add", "inputSchema": {"type": "object"}}]}')
    assert f"  ok     model: '{file}' has 1 tool\n" in doctor(file)[1]


def test_doctor_checks_packages(doctor: Doctor, tmp_path: Path) -> None:
    package = tmp_path / "detector"
    shutil.copytree(LOCK, package)
    (package / "examples.py").unlink()
    client = package / "client.py"
    client.write_text(client.read_text().replace("0.5", "0.6"))
    code, out = doctor(package)
    assert code == 1
    assert "client.py" in out
    assert "examples.py" in out
    assert "--check" in out
    (package / "signatures.json").write_text("{}")
    assert doctor(package)[0] == 1
    assert doctor(tmp_path / "nothing")[0] == 1


def test_doctor_reports_incompatible_versions(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str, real: Callable[[str], str] = metadata.version) -> str:
        if name == "libcst":
            raise metadata.PackageNotFoundError
        return {"black": "22.1.0", "protobuf": "6.30.1"}.get(name) or real(name)

    monkeypatch.setattr(metadata, "version", version)
    code, out = doctor()
    assert code == 1
    assert "  fault  black: 22.1.0 does not fit: " in out
    assert "  fault  protobuf: 6.30.1 does not fit: " in out
    assert "  fault  libcst: is not installed\n" in out
    assert "pip install --upgrade 'clarigen[codegen]'\n" in out


def test_doctor_checks_the_configured_platform(
    doctor: Doctor, platform: Standin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CLARIFAI_API_BASE")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    models = '[[tool.gen-client.models]]\nurl = "a/b/models/c"\n'
    Path("pyproject.toml").write_text(
        f'[tool.gen-client]\napi-base = "{platform.base_url}"\n{models}'
    )
    assert f"  ok     platform: localhost:{platform.port} answers, for the user" in doctor()[1]
    Path("pyproject.toml").write_text(f"[tool.gen-client]\nnope = 1\n{models}")
    code, out = doctor()
    assert code == 1
    assert "  note   platform: is not asked while the configuration is wrong\n" in out
    assert out.count("nope is not known") == 1


_WITHOUT_LIBRARIES = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {libraries!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Finder())
from gen_client import cli
sys.exit(cli.main({arguments!r}))
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["doctor", str(LOCK)], "  note   packages: are not checked without "),
        (["doctor"], "  ok     grpcio: "),
        (["show", str(LOCK)], "threshold"),
        (["show", str(LOCK), "--json-schema"], "threshold"),
        (["diff", str(LOCK), str(LOCK)], "no difference for callers"),
        (["serve", "--help"], "gen-client serve"),
    ],
)
def test_light_commands_need_no_library(
    arguments: list[str], expected: str, tmp_path: Path
) -> None:
    """They are of use where only the runtime is installed."""
    program = _WITHOUT_LIBRARIES.format(libraries=cli.CODEGEN_MODULES, arguments=arguments)
    completed = run(
        sys.executable,
        "-c",
        program,
        cwd=tmp_path,
        env={"PYTHONPATH": SOURCES, "HOME": str(tmp_path)},
    )
    assert expected in completed.stdout, completed.stderr
    assert "Traceback" not in completed.stderr
