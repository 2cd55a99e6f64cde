"""Names of generated packages.

A name that the user chose is checked; otherwise the name is made from the model's id. The rules must stay as they are,
because users import packages by these names.
"""

from __future__ import annotations

import re
from typing import Final

from clarigen import ModelRef
from gen_client.diagnostics import Refusal
from gen_client.escape import Code
from gen_client.exit_codes import USAGE
from gen_client.identifiers import is_identifier
from gen_client.naming.names import MAX_LENGTH, is_valid_name
from gen_client.naming.reserved import KEYWORDS, MODULES, WINDOWS_DEVICES
from gen_client.text import quote

_USE_NAME_OPTION: Final = "give the package a name with --name"


def package_name_from_id(model_id: str) -> Code:
    """Return the package name for a model's id: `SmolLM2-135M` becomes `smol_lm2_135m`.

    Raises:
        Refusal: Exit 2: the id has characters that are not safe in a name, or is too long.
    """
    is_plain = re.fullmatch(r"(?!\.)[A-Za-z0-9_.-]+(?<!\.)", model_id)
    separated = re.sub(r"([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", model_id)
    name = re.sub(r"[^a-z0-9]+", "_", separated.lower()).strip("_")
    if not is_plain or model_id.startswith("-") or not name or len(name) > MAX_LENGTH:
        raise Refusal(
            f"no name for a package can be made of the model's id {quote(model_id)}",
            exit_code=USAGE,
            remedy=_USE_NAME_OPTION,
        )
    if name[0].isdigit():
        name = f"model_{name}"
    if name in MODULES or name in WINDOWS_DEVICES:
        return Code(f"{name}_model")
    return Code(f"{name}_" if name in KEYWORDS else name)


def choose_package_name(reference: ModelRef | None, name: str) -> Code:
    """Return the name of a model's package: the name that the user chose, or else one made from the model's id.

    Args:
        reference: The model; None if it is not known.
        name: The name that the user chose, or empty.

    Raises:
        Refusal: Exit 2: there is no name, or it is not valid.
    """
    if name:
        return check_package_name(name)
    if reference is None:
        raise Refusal(
            "the package needs a name: its model has none",
            exit_code=USAGE,
            remedy="give it one with --name",
        )
    return package_name_from_id(reference.model_id)


def check_package_name(name: str) -> Code:
    """Return the package name that the user chose, if Python can import it.

    Raises:
        Refusal: Exit 2: Python cannot import a package of this name, or it would hide a module of others.
    """
    is_reserved = (
        name.startswith("__") or name == "_" or name in KEYWORDS or name.lower() in WINDOWS_DEVICES
    )
    if not is_valid_name(name) or not is_identifier(name) or is_reserved:
        problem = "is not a name for a package"
    elif name.lower() in MODULES:
        problem = "would hide a module that Python, the runtime or a common tool imports"
    else:
        return Code(name)
    raise Refusal(
        f"{quote(name)} {problem}",
        exit_code=USAGE,
        location="--name",
        remedy="expected a Python identifier, such as my_model",
    )
