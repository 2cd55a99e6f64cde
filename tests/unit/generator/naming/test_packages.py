"""Names of generated packages."""

from __future__ import annotations

import pytest

from gen_client.diagnostics import Refusal
from gen_client.naming.names import class_name
from gen_client.naming.packages import check_package_name, package_name_from_id
from gen_client.naming.reserved import WINDOWS_DEVICES


@pytest.mark.parametrize(
    ("model_id", "package", "client"),
    [
        ("o4-mini", "o4_mini", "O4Mini"),
        ("qwen3-0_6B.v1.5", "qwen3_0_6b_v1_5", "Qwen3_0_6bV1_5"),
        ("SmolLM2-135M-Instruct", "smol_lm2_135m_instruct", "SmolLm2_135mInstruct"),
        ("HTTPServer", "http_server", "HttpServer"),
        ("3d-pose-2", "model_3d_pose_2", "Model3dPose2"),
        ("class", "class_", "Class"),
        ("none", "none", "NoneModel"),
        ("text", "text", "TextModel"),
        ("client", "client", "ClientModel"),
        ("typing", "typing_model", "TypingModel"),
        ("clarigen", "clarigen_model", "ClarigenModel"),
        ("CON", "con_model", "ConModel"),
        ("__main__", "main", "Main"),
    ],
)
def test_names_of_packages_and_classes(model_id: str, package: str, client: str) -> None:
    assert package_name_from_id(model_id) == package
    assert class_name(package) == client


@pytest.mark.parametrize(
    "model_id",
    [
        "",
        ".",
        "..",
        ".bashrc",
        "-rf",
        "---",
        "a/b",
        "..\\x",
        "C:evil",
        "a b",
        "x\0",
        "m" * 500,
        "模型",
    ],
)
def test_ids_without_a_package_name_are_refused(model_id: str) -> None:
    with pytest.raises(Refusal) as refusal:
        package_name_from_id(model_id)
    assert refusal.value.diagnostic.exit_code == 2
    assert "--name" in refusal.value.diagnostic.remedy


@pytest.mark.parametrize("name", ["held", "my_model", "O4", "modèle"])
def test_valid_package_names_are_accepted(name: str) -> None:
    assert check_package_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a.b",
        "a-b",
        "../x",
        "class",
        "__init__",
        "_",
        "1a",
        "ﬁeld",
        "con",
        "clarigen",
        "x" * 200,
    ],
)
def test_invalid_package_names_are_refused(name: str) -> None:
    with pytest.raises(Refusal) as refusal:
        check_package_name(name)
    assert refusal.value.diagnostic.exit_code == 2


@pytest.mark.parametrize("device", ["con", "NUL", "Com1", "LPT9", "aux", "PRN"])
def test_devices_of_windows_are_not_package_names(device: str) -> None:
    assert package_name_from_id(device).lower() not in WINDOWS_DEVICES
    with pytest.raises(Refusal):
        check_package_name(device)
