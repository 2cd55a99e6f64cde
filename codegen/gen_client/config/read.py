"""Reads a configuration: what each key means, and what it must not say.

What lives here: the keys. To add one, name it in its list and give it its place in `Entry` or `Settings`.

    [tool.gen-client]                 out, api-base
    [tool.gen-client.defaults]        for all models: deployment-id, deployment-user-id, compute-cluster-id, nodepool-id
    [[tool.gen-client.models]]        url, name, out, version, methods, exclude, and the keys of `defaults`
    [tool.gen-client.models.types]    types of the user's for JSON: "METHOD.PARAMETER" or "METHOD.return"
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from clarigen import wire
from gen_client import limits
from gen_client.config import paths
from gen_client.config.find import TOOL, ConfigFile
from gen_client.config.settings import ModelEntry, Settings
from gen_client.config.table import Table
from gen_client.diagnostics import Refusal
from gen_client.naming import names
from gen_client.source import address
from gen_client.source.address import ModelAddress, RunnerAddress
from gen_client.text import quote

ROUTING_KEYS: Final = ("deployment-id", "deployment-user-id", "compute-cluster-id", "nodepool-id")
"""Where a model runs unless its caller says something else."""
_OWNER_KEY: Final = "deployment-user-id"
_TOP_KEYS: Final = ("out", "api-base", "defaults", "models")
_MODEL_KEYS: Final = ("url", "name", "out", "version", "methods", "exclude", "types", *ROUTING_KEYS)


def read_settings(place: ConfigFile) -> Settings:
    """The configuration in a file.

    Raises:
        Refusal: Exit 2: it is wrong. The message names the key and its line.
    """
    top = Table(place, place.section, (), _TOP_KEYS)
    out = _read_out(place, top)
    defaults = top.get_table("defaults", ROUTING_KEYS)
    routing = _read_routing(defaults, {}) or _read_ids(defaults)
    tables = top.get_tables("models", _MODEL_KEYS)
    if not tables:
        raise top.refusal(
            "models", "is empty", f"name a model in [[tool.{TOOL}.models]]: gen-client init URL"
        )
    entries = tuple(_read_entry(place, table, out, routing) for table in tables)
    found = paths.find_overlap([entry.out / entry.name for entry in entries])
    if found is not None:
        later, earlier = found
        raise tables[later].refusal(
            "",
            f"writes over the package of models[{earlier}]",
            "give one of them another name or out",
        )
    return Settings(place.path, _read_api_base(top), entries)


def _read_out(place: ConfigFile, table: Table, default: str = ".") -> Path:
    try:
        return paths.resolve_folder(place.root, place.path.parent, table.get_text("out") or default)
    except ValueError as error:
        raise table.refusal("out", str(error)) from None


def _read_api_base(top: Table) -> str | None:
    text = top.get_text("api-base")
    if not text:
        return None
    try:
        address.parse_base_url(text)
    except Refusal as refusal:
        raise _refuse_value(top, "api-base", refusal) from None
    return text


def _read_entry(place: ConfigFile, table: Table, out: Path, routing: dict[str, str]) -> ModelEntry:
    url = table.get_text("url")
    if not url:
        raise table.refusal("url", "is missing", f"expected {address.EXPECTED}")
    try:
        found = address.parse_address(url)
    except Refusal as refusal:
        raise _refuse_value(table, "url", refusal) from None
    found, version = _pin_version(table, found)
    its = _read_routing(table, routing)
    methods, exclude = table.get_texts("methods"), table.get_texts("exclude")
    if methods and exclude:
        raise table.refusal(
            "exclude", "stands beside methods", "name what is wanted, or what is not"
        )
    return ModelEntry(
        address=found,
        name=_read_name(table, found),
        out=_read_out(place, table) if table.get_text("out") else out,
        methods=methods,
        exclude=exclude,
        client_options=tuple(
            (key.replace("-", "_"), text)
            for key, text in sorted({"version-id": version, **its}.items())
            if text
        ),
        json_types=_read_json_types(table.get_open_table("types")),
    )


def _read_json_types(table: Table) -> tuple[tuple[str, str], ...]:
    """The types that JSON is given, each in its one spelling."""
    types: dict[str, str] = {}
    for key in table.keys:
        method, _, part = key.partition(".")
        if not (method and part):
            remedy = 'write "METHOD.PARAMETER" or "METHOD.return", with its quotes'
            raise table.refusal(key, "names no parameter", remedy)
        try:
            types[key] = wire.parse_type(table.get_text(key)).text
        except ValueError as error:
            raise table.refusal(key, str(error)) from None
    return tuple(sorted(types.items()))


def _pin_version(
    table: Table, found: ModelAddress | RunnerAddress
) -> tuple[ModelAddress | RunnerAddress, str]:
    """The address with the version that is pinned, and that version or nothing."""
    version = _read_id(table, "version")
    if isinstance(found, RunnerAddress):
        if version:
            raise table.refusal("version", "is that of a model, and a runner has none")
        return found, ""
    if version and found.version_id and version != found.version_id:
        raise table.refusal("version", "is not the one in the url", "leave one of them out")
    version = version or found.version_id
    return ModelAddress(found.reference, version), version


def _read_name(table: Table, found: ModelAddress | RunnerAddress) -> str:
    name = table.get_text("name")
    try:
        if name:
            return names.check_package_name(name)
        if isinstance(found, ModelAddress):
            return names.package_name(found.reference.model_id)
    except Refusal as refusal:
        raise table.refusal(
            "name", f"is wrong: {refusal.diagnostic.message}", "give its package a name"
        ) from None
    raise table.refusal("name", "is missing", "a runner's model has no name: give its package one")


def _read_ids(table: Table) -> dict[str, str]:
    return {key: text for key in ROUTING_KEYS if (text := _read_id(table, key))}


def _read_id(table: Table, key: str) -> str:
    text = table.get_text(key)
    if text and not limits.is_id(text):
        raise table.refusal(key, f"is not an id: {quote(text)}")
    return text


def _read_routing(table: Table, usual: dict[str, str]) -> dict[str, str]:
    """Where the model runs: where its own table says, else where `defaults` does; the two are not mixed."""
    own = _read_ids(table)
    deployment, owner, cluster, nodepool = (own.get(key, "") for key in ROUTING_KEYS)
    if deployment and (cluster or nodepool):
        raise table.refusal("deployment-id", "stands beside a nodepool", "give one of them")
    if bool(cluster) != bool(nodepool):
        key = "compute-cluster-id" if cluster else "nodepool-id"
        raise table.refusal(key, "stands alone", "give compute-cluster-id and nodepool-id")
    if not (deployment or nodepool):
        own = {**usual, **own}
        if owner and len(own) == 1:
            raise table.refusal(_OWNER_KEY, "stands alone", "give the deployment-id")
    elif not owner and _OWNER_KEY in usual:
        own[_OWNER_KEY] = usual[_OWNER_KEY]
    return own if own.keys() - {_OWNER_KEY} else {}


def _refuse_value(table: Table, key: str, refusal: Refusal) -> Refusal:
    """A refusal of another module, with the key and the line that it is about."""
    its = refusal.diagnostic
    return table.refusal(key, f"is wrong: {its.message}", its.remedy, its.exit_code)
