"""The jobs of a run: from the words of the command line, or from the configuration.

What lives here: which packages are meant, and where their signatures are. Nothing is asked or read but the
configuration.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from clarigen import ModelRef
from gen_client import config, source
from gen_client.config import ModelEntry, Settings
from gen_client.custom_templates import NO_CUSTOM_TEMPLATES, read_custom_templates
from gen_client.diagnostics import ProgressCallback, Refusal, Report
from gen_client.exit_codes import USAGE
from gen_client.jobs import Job, PackageOptions
from gen_client.layout import LOCK_FILE
from gen_client.naming import names
from gen_client.source import Source, address, trust
from gen_client.source.address import ModelAddress, RunnerAddress


def jobs(arguments: argparse.Namespace, progress: ProgressCallback) -> list[Job]:
    """The jobs that are meant.

    Args:
        arguments: The command line.
        progress: Progress callback.

    Raises:
        Refusal: Exit 2: the command line or the configuration is wrong.
    """
    if arguments.url is None and arguments.signatures is None:
        alone = {"--name": arguments.name, "--out": arguments.out, "--model": arguments.model}
        for option, value in alone.items():
            if value:
                raise Refusal(f"{option} stands alone", exit_code=USAGE, remedy=config.NAME_A_MODEL)
        return listed(arguments.api_base, progress, _usual(arguments), offline=arguments.offline)
    return [_given(arguments, progress)]


def listed(
    api_base: str | None,
    progress: ProgressCallback,
    usual: PackageOptions,
    *,
    offline: bool = False,
) -> list[Job]:
    """The jobs of the configuration.

    Args:
        api_base: The platform's base URL, if the command line names one.
        progress: Progress callback.
        usual: What holds for all packages.
        offline: Whether the locks stand for the models.

    Raises:
        Refusal: Exit 2: there is no configuration, or it is wrong.
    """
    settings = config.load_settings(config.working_folder())
    return [
        _listed(entry, settings, api_base, progress, usual, offline) for entry in settings.entries
    ]


def configured(api_base: str | None) -> str | None:
    """The platform's base URL for the configuration here, if there is one; None for the usual one.

    Args:
        api_base: The one that the command line names, if it does.

    Raises:
        Refusal: Exit 2: the configuration is wrong, or names a server that must not get the credential.
    """
    if config.find_or_new_config(config.working_folder()).section is None:
        return api_base
    settings = config.load_settings(config.working_folder())
    meant = _api_base(api_base, settings)
    _check(meant, settings)
    return meant


def _api_base(api_base: str | None, settings: Settings) -> str | None:
    return api_base or os.environ.get("CLARIFAI_API_BASE") or settings.api_base


def _check(api_base: str | None, settings: Settings) -> None:
    """Refuse a base URL that would get the credential because the configuration says so."""
    if api_base is not None and api_base == settings.api_base:
        trust.check_trusted(api_base)


def _given(arguments: argparse.Namespace, progress: ProgressCallback) -> Job:
    """The one job of the command line."""
    report = Report()
    model = None if arguments.model is None else _reference(arguments.model)
    out = arguments.out or Path()
    options = replace(_usual(arguments), out=out, name=arguments.name, model=model)
    if arguments.url is None:
        return Job(source.in_file(arguments.signatures, report), options, report)
    meant = address.parse_address(arguments.url)
    if arguments.offline:
        expected = meant if model is None else ModelAddress(model, "")
        return Job(_lock(out, arguments.name, expected, report), options, report)
    access = source.Access(api_base=arguments.api_base, progress=progress)
    return Job(source.at_address(meant, access), options, report)


def _listed(
    entry: ModelEntry,
    settings: Settings,
    api_base: str | None,
    progress: ProgressCallback,
    usual: PackageOptions,
    offline: bool,
) -> Job:
    """The job of an entry in the configuration."""
    report = Report()
    options = replace(
        usual,
        out=entry.out,
        name=entry.name,
        methods=entry.methods,
        exclude=entry.exclude,
        client=entry.client_options,
        types=entry.json_types,
    )
    if offline:
        return Job(_lock(entry.out, entry.name, entry.address, report), options, report)
    access = source.Access(
        api_base=_api_base(api_base, settings),
        progress=lambda text: progress(f"{entry.name}: {text}"),
    )
    return Job(_Trusted(entry, access, settings), options, report)


def _usual(arguments: argparse.Namespace) -> PackageOptions:
    """What the command line says of all packages."""
    folder = arguments.templates
    templates = NO_CUSTOM_TEMPLATES if folder is None else read_custom_templates(folder)
    return PackageOptions(force=arguments.force, strict=arguments.strict, custom=templates)


class _Trusted:
    """A place that a configuration names, which is not asked before it is clear that it may be."""

    def __init__(self, entry: ModelEntry, access: source.Access, settings: Settings) -> None:
        self._entry = entry
        self._access = access
        self._settings = settings

    def fetch(self) -> source.Document:
        """Ask it."""
        if isinstance(self._entry.address, RunnerAddress):
            trust.check_trusted(self._entry.address.base_url)
        else:
            _check(self._access.api_base, self._settings)
        return source.read(source.at_address(self._entry.address, self._access))


def _lock(out: Path, name: str, meant: ModelAddress | RunnerAddress, report: Report) -> Source:
    """The lock that stands for a model."""
    model = meant if isinstance(meant, ModelAddress) else None
    if not name:
        if model is None:
            raise Refusal(
                "the package needs a name: its model has none",
                exit_code=USAGE,
                remedy="give it one with --name",
            )
        name = names.package_name(model.reference.model_id)
    return source.in_lock(out / names.check_package_name(name) / LOCK_FILE, model, report)


def _reference(text: str) -> ModelRef:
    match address.parse_address(text):
        case ModelAddress(reference, ""):
            return reference
        case _:
            raise Refusal(
                "--model takes a model of the platform, without a version",
                exit_code=USAGE,
                remedy="expected USER/APP/models/MODEL",
            )
