"""The keys of a configuration file, and the values that each may have.

To add a key, add it to `_TOP_KEYS` or `_MODEL_KEYS`, and a field for it to `ModelEntry` or `Settings`.

    [tool.gen-client]                 out, api-base
    [tool.gen-client.defaults]        for all models: deployment-id, deployment-user-id, compute-cluster-id, nodepool-id
    [[tool.gen-client.models]]        url or signatures, name, out, version, methods, exclude, and the keys of `defaults`
    [tool.gen-client.models.types]    the user's types for JSON: "METHOD.PARAMETER" or "METHOD.return"

`[tool.clarigen]`, the name of the distribution, is the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from clarigen import wire
from gen_client import limits
from gen_client.config.find import ConfigFile, require_config
from gen_client.config.paths import find_overlap, resolve_file, resolve_folder
from gen_client.config.settings import ModelEntry, Settings
from gen_client.config.toml_table import Table
from gen_client.diagnostics import Refusal
from gen_client.naming.packages import check_package_name, package_name_from_id
from gen_client.source.address import (
    EXPECTED,
    Address,
    LocalAddress,
    ModelAddress,
    RunnerAddress,
    parse_address,
    parse_base_url,
)
from gen_client.text import quote

ROUTING_KEYS: Final = (
    "deployment-id",
    "deployment-user-id",
    "compute-cluster-id",
    "nodepool-id",
)
"""The keys that say where a model runs if its caller does not."""
_OWNER_KEY: Final = "deployment-user-id"
_TOP_KEYS: Final = ("out", "api-base", "defaults", "models")
_MODEL_KEYS: Final = (
    "url",
    "signatures",
    "name",
    "out",
    "version",
    "methods",
    "exclude",
    "types",
    *ROUTING_KEYS,
)


def load_settings(folder: Path) -> Settings:
    """Find and read the configuration for a folder.

    Args:
        folder: An existing folder, where the search starts.

    Raises:
        Refusal: Exit 2: there is no configuration, or it is wrong. The message names the key and its line.
    """
    return read_settings(require_config(folder))


def read_settings(file: ConfigFile) -> Settings:
    """Read the configuration in a file.

    Raises:
        Refusal: Exit 2: the configuration is wrong. The message names the key and its line.
    """
    top = Table(file, file.section, (), _TOP_KEYS)
    out = _read_out(file, top)
    defaults = top.get_table("defaults", ROUTING_KEYS)
    # The defaults may name an owner alone, which `_read_routing` drops.
    routing = _read_routing(defaults, {}) or _read_ids(defaults)
    tables = top.get_tables("models", _MODEL_KEYS)
    if not tables:
        raise top.refuse(
            "models",
            "is empty",
            f"name a model in [[tool.{file.tool}.models]]: gen-client init SOURCE",
        )
    entries = tuple(_read_entry(file, table, out, routing) for table in tables)
    overlap = find_overlap([entry.out / entry.name for entry in entries])
    if overlap is not None:
        later, earlier = overlap
        raise tables[later].refuse(
            "",
            f"writes over the package of models[{earlier}]",
            "give one of them another name or out",
        )
    return Settings(file.path, _read_api_base(top), entries)


def _read_out(file: ConfigFile, table: Table) -> Path:
    try:
        return resolve_folder(file.root, file.path.parent, table.get_text("out") or ".")
    except ValueError as error:
        raise table.refuse("out", str(error)) from None


def _read_api_base(top: Table) -> str | None:
    text = top.get_text("api-base")
    if not text:
        return None
    try:
        parse_base_url(text)
    except Refusal as refusal:
        raise _refuse_value(top, "api-base", refusal) from None
    return text


def _read_entry(
    file: ConfigFile, table: Table, default_out: Path, default_routing: dict[str, str]
) -> ModelEntry:
    address, version = _pin_version(table, _read_address(file, table))
    options = {"version-id": version, **_read_routing(table, default_routing)}
    methods, exclude = table.get_texts("methods"), table.get_texts("exclude")
    if methods and exclude:
        raise table.refuse(
            "exclude",
            "cannot be combined with methods",
            "list the methods to generate, or those to leave out",
        )
    return ModelEntry(
        address=address,
        name=_read_name(table, address),
        out=_read_out(file, table) if table.get_text("out") else default_out,
        methods=methods,
        exclude=exclude,
        client_options=tuple(
            (key.replace("-", "_"), text) for key, text in sorted(options.items()) if text
        ),
        json_types=_read_json_types(table.get_open_table("types")),
    )


def _read_address(file: ConfigFile, table: Table) -> Address:
    """Read where the signatures of a model come from: `url`, or `signatures`."""
    url, path = table.get_text("url"), table.get_text("signatures")
    if url and path:
        raise table.refuse("signatures", "cannot be combined with url", "give one of them")
    if path:
        try:
            return LocalAddress(str(resolve_file(file.root, file.path.parent, path)))
        except ValueError as error:
            raise table.refuse("signatures", str(error)) from None
    if not url:
        remedy = f'expected {EXPECTED}; for a file or a folder: signatures = "PATH"'
        raise table.refuse("url", "is missing", remedy)
    try:
        return parse_address(url)
    except Refusal as refusal:
        raise _refuse_value(table, "url", refusal) from None


def _read_json_types(table: Table) -> tuple[tuple[str, str], ...]:
    """Read the user's types for JSON values, each in its canonical spelling."""
    types: dict[str, str] = {}
    for key in table.keys:
        method, _, part = key.partition(".")
        if not (method and part):
            remedy = 'write "METHOD.PARAMETER" or "METHOD.return", with its quotes'
            raise table.refuse(key, "names no parameter", remedy)
        try:
            types[key] = wire.parse_type(table.get_text(key)).text
        except ValueError as error:
            raise table.refuse(key, str(error)) from None
    return tuple(sorted(types.items()))


def _pin_version(table: Table, address: Address) -> tuple[Address, str]:
    """Return the address with the pinned version, and the version; empty if none is pinned."""
    version = _read_id(table, "version")
    if not isinstance(address, ModelAddress):
        if version:
            kind = "runner" if isinstance(address, RunnerAddress) else "file"
            raise table.refuse("version", f"is that of a model, and a {kind} has none")
        return address, ""
    if version and address.version_id and version != address.version_id:
        raise table.refuse("version", "is not the one in the url", "leave one of them out")
    version = version or address.version_id
    return ModelAddress(address.reference, version), version


def _read_name(table: Table, address: Address) -> str:
    name = table.get_text("name")
    try:
        if name:
            return check_package_name(name)
        if isinstance(address, ModelAddress):
            return package_name_from_id(address.reference.model_id)
    except Refusal as refusal:
        raise table.refuse(
            "name", f"is wrong: {refusal.diagnostic.message}", "give its package a name"
        ) from None
    raise table.refuse(
        "name", "is missing", "only a model on the platform has a name: give its package one"
    )


def _read_ids(table: Table) -> dict[str, str]:
    return {key: text for key in ROUTING_KEYS if (text := _read_id(table, key))}


def _read_id(table: Table, key: str) -> str:
    text = table.get_text(key)
    if text and not limits.is_id(text):
        raise table.refuse(key, f"is not an id: {quote(text)}")
    return text


def _read_routing(table: Table, defaults: dict[str, str]) -> dict[str, str]:
    """Read where a model runs: from its own table or, if that names no place, from `defaults`.

    If the table names a place but not its owner, `deployment-user-id` is still taken from `defaults`.
    """
    own = _read_ids(table)
    deployment, owner, cluster, nodepool = (own.get(key, "") for key in ROUTING_KEYS)
    if deployment and (cluster or nodepool):
        raise table.refuse(
            "deployment-id", "cannot be combined with a nodepool", "give one of them"
        )
    if bool(cluster) != bool(nodepool):
        key = "compute-cluster-id" if cluster else "nodepool-id"
        raise table.refuse(key, "stands alone", "give compute-cluster-id and nodepool-id")
    if not (deployment or nodepool):
        own = {**defaults, **own}
        if owner and len(own) == 1:
            raise table.refuse(_OWNER_KEY, "stands alone", "give the deployment-id")
    elif not owner and _OWNER_KEY in defaults:
        own[_OWNER_KEY] = defaults[_OWNER_KEY]
    return own if own.keys() - {_OWNER_KEY} else {}


def _refuse_value(table: Table, key: str, refusal: Refusal) -> Refusal:
    """Return the refusal of a value with its key and line."""
    diagnostic = refusal.diagnostic
    return table.refuse(
        key, f"is wrong: {diagnostic.message}", diagnostic.remedy, diagnostic.exit_code
    )
