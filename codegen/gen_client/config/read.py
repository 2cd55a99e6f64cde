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
from gen_client.config.find import TOOL, Place
from gen_client.config.settings import Entry, Settings
from gen_client.config.table import Table
from gen_client.diagnostics import Refusal, shown
from gen_client.naming import names
from gen_client.source import address
from gen_client.source.address import ModelAddress, RunnerAddress

ROUTING: Final = ("deployment-id", "deployment-user-id", "compute-cluster-id", "nodepool-id")
"""Where a model runs unless its caller says something else."""
_OWNER: Final = "deployment-user-id"
_TOP: Final = ("out", "api-base", "defaults", "models")
_MODEL: Final = ("url", "name", "out", "version", "methods", "exclude", "types", *ROUTING)


def read(place: Place) -> Settings:
    """The configuration in a file.

    Raises:
        Refusal: Exit 2: it is wrong. The message names the key and its line.
    """
    top = Table(place, place.content, (), _TOP)
    out = _out(place, top)
    defaults = top.table("defaults", ROUTING)
    routing = _routing(defaults, {}) or _ids(defaults)
    tables = top.tables("models", _MODEL)
    if not tables:
        raise top.refusal(
            "models", "is empty", f"name a model in [[tool.{TOOL}.models]]: gen-client init URL"
        )
    entries = tuple(_entry(place, table, out, routing) for table in tables)
    found = paths.overlapping([entry.out / entry.name for entry in entries])
    if found is not None:
        later, earlier = found
        raise tables[later].refusal(
            "",
            f"writes over the package of models[{earlier}]",
            "give one of them another name or out",
        )
    return Settings(place.file, _api_base(top), entries)


def _out(place: Place, table: Table, default: str = ".") -> Path:
    try:
        return paths.inside(place.root, place.file.parent, table.text("out") or default)
    except ValueError as error:
        raise table.refusal("out", str(error)) from None


def _api_base(top: Table) -> str | None:
    text = top.text("api-base")
    if not text:
        return None
    try:
        address.base(text)
    except Refusal as refusal:
        raise _placed(top, "api-base", refusal) from None
    return text


def _entry(place: Place, table: Table, out: Path, routing: dict[str, str]) -> Entry:
    url = table.text("url")
    if not url:
        raise table.refusal("url", "is missing", f"expected {address.FORMS}")
    try:
        found = address.parse(url)
    except Refusal as refusal:
        raise _placed(table, "url", refusal) from None
    found, version = _version(table, found)
    its = _routing(table, routing)
    methods, exclude = table.texts("methods"), table.texts("exclude")
    if methods and exclude:
        raise table.refusal(
            "exclude", "stands beside methods", "name what is wanted, or what is not"
        )
    return Entry(
        address=found,
        name=_name(table, found),
        out=_out(place, table) if table.text("out") else out,
        methods=methods,
        exclude=exclude,
        client=tuple(
            (key.replace("-", "_"), text)
            for key, text in sorted({"version-id": version, **its}.items())
            if text
        ),
        types=_types(table.free("types")),
    )


def _types(table: Table) -> tuple[tuple[str, str], ...]:
    """The types that JSON is given, each in its one spelling."""
    types: dict[str, str] = {}
    for key in table.keys:
        method, _, part = key.partition(".")
        if not (method and part):
            remedy = 'write "METHOD.PARAMETER" or "METHOD.return", with its quotes'
            raise table.refusal(key, "names no parameter", remedy)
        try:
            types[key] = wire.parse_type(table.text(key)).text
        except ValueError as error:
            raise table.refusal(key, str(error)) from None
    return tuple(sorted(types.items()))


def _version(
    table: Table, found: ModelAddress | RunnerAddress
) -> tuple[ModelAddress | RunnerAddress, str]:
    """The address with the version that is pinned, and that version or nothing."""
    version = _id(table, "version")
    if isinstance(found, RunnerAddress):
        if version:
            raise table.refusal("version", "is that of a model, and a runner has none")
        return found, ""
    if version and found.version_id and version != found.version_id:
        raise table.refusal("version", "is not the one in the url", "leave one of them out")
    version = version or found.version_id
    return ModelAddress(found.reference, version), version


def _name(table: Table, found: ModelAddress | RunnerAddress) -> str:
    name = table.text("name")
    try:
        if name:
            return names.given_package_name(name)
        if isinstance(found, ModelAddress):
            return names.package_name(found.reference.model_id)
    except Refusal as refusal:
        raise table.refusal(
            "name", f"is wrong: {refusal.diagnostic.what}", "give its package a name"
        ) from None
    raise table.refusal("name", "is missing", "a runner's model has no name: give its package one")


def _ids(table: Table) -> dict[str, str]:
    return {key: text for key in ROUTING if (text := _id(table, key))}


def _id(table: Table, key: str) -> str:
    text = table.text(key)
    if text and not limits.is_id(text):
        raise table.refusal(key, f"is no id: {shown(text)}")
    return text


def _routing(table: Table, usual: dict[str, str]) -> dict[str, str]:
    """Where the model runs: where its own table says, else where `defaults` does; the two are not mixed."""
    own = _ids(table)
    deployment, owner, cluster, nodepool = (own.get(key, "") for key in ROUTING)
    if deployment and (cluster or nodepool):
        raise table.refusal("deployment-id", "stands beside a nodepool", "give one of them")
    if bool(cluster) != bool(nodepool):
        key = "compute-cluster-id" if cluster else "nodepool-id"
        raise table.refusal(key, "stands alone", "give compute-cluster-id and nodepool-id")
    if not (deployment or nodepool):
        own = {**usual, **own}
        if owner and len(own) == 1:
            raise table.refusal(_OWNER, "stands alone", "give the deployment-id")
    elif not owner and _OWNER in usual:
        own[_OWNER] = usual[_OWNER]
    return own if own.keys() - {_OWNER} else {}


def _placed(table: Table, key: str, refusal: Refusal) -> Refusal:
    """A refusal of another module, with the key and the line that it is about."""
    its = refusal.diagnostic
    return table.refusal(key, f"is wrong: {its.what}", its.remedy, its.exit_code)
