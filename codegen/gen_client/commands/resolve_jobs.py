"""The jobs of a run, from the command line or from the configuration.

They say which packages are generated, and where their signatures come from. Only the configuration and custom
templates are read; nothing is fetched yet.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from clarigen import ModelRef
from gen_client import config, source
from gen_client.commands.resolve_model import find_address
from gen_client.config import ModelEntry, Settings
from gen_client.custom_templates import NO_CUSTOM_TEMPLATES, read_custom_templates
from gen_client.diagnostics import ProgressCallback, Refusal, Report, label_progress
from gen_client.exit_codes import USAGE
from gen_client.jobs import Job, PackageOptions
from gen_client.layout import LOCK_FILE
from gen_client.naming import packages
from gen_client.source import Source, trust
from gen_client.source.address import (
    Address,
    LocalAddress,
    ModelAddress,
    RunnerAddress,
    parse_address,
)


def resolve_jobs(arguments: argparse.Namespace, progress: ProgressCallback) -> list[Job]:
    """Return the jobs that the command line asks for.

    Args:
        arguments: The command line.
        progress: Called with each stage as it starts.

    Raises:
        Refusal: Exit 2: the command line or the configuration is wrong.
    """
    address = find_address(arguments, arguments.source)
    if address is None:
        for option in ("name", "out", "model"):
            if getattr(arguments, option):
                raise Refusal(
                    f"--{option} needs a model",
                    exit_code=USAGE,
                    remedy=config.NAME_A_MODEL,
                )
        options = _shared_options(arguments)
        return configured_jobs(arguments.api_base, progress, options, offline=arguments.offline)
    return [_job_of_arguments(arguments, address, progress)]


def configured_jobs(
    api_base: str | None,
    progress: ProgressCallback,
    shared: PackageOptions,
    *,
    offline: bool = False,
) -> list[Job]:
    """Return the jobs of the configuration.

    Args:
        api_base: The platform's base URL of the command line; None if it has none.
        progress: Called with each stage as it starts.
        shared: The options that all packages share.
        offline: Whether the signatures come from the locks of the packages.

    Raises:
        Refusal: Exit 2: there is no configuration, or it is wrong.
    """
    settings = config.load_settings(config.working_folder())
    return [
        _job_of_entry(entry, settings, api_base, progress, shared, offline)
        for entry in settings.entries
    ]


def configured_api_base(api_base: str | None) -> str | None:
    """Return the platform's base URL: that of the command line, the environment or the configuration.

    Args:
        api_base: The base URL of the command line; None if it has none.

    Returns:
        None for the default of the runtime.

    Raises:
        Refusal: Exit 2: the configuration is wrong, or names a server that must not get the credential.
    """
    if config.find_config_file(config.working_folder()).section is None:
        return api_base
    settings = config.load_settings(config.working_folder())
    chosen = _choose_api_base(api_base, settings)
    _check_api_base(chosen, settings)
    return chosen


def _choose_api_base(api_base: str | None, settings: Settings) -> str | None:
    return api_base or os.environ.get("CLARIFAI_API_BASE") or settings.api_base


def _check_api_base(api_base: str | None, settings: Settings) -> None:
    """Raise `Refusal` if only the configuration says that this server gets the credential."""
    if api_base is not None and api_base == settings.api_base:
        trust.check_trusted(api_base)


def _job_of_arguments(
    arguments: argparse.Namespace, address: Address, progress: ProgressCallback
) -> Job:
    report = Report()
    model = None if arguments.model is None else _parse_reference(arguments.model)
    options = replace(
        _shared_options(arguments),
        out=arguments.out or Path(),
        name=arguments.name,
        model=model,
    )
    if arguments.offline and not isinstance(address, LocalAddress):
        expected = address if model is None else ModelAddress(model, "")
        return Job(_lock_source(options, expected, report), options, report)
    access = source.Access(api_base=arguments.api_base, progress=progress)
    return Job(source.resolve_address(address, access, report), options, report)


def _job_of_entry(
    entry: ModelEntry,
    settings: Settings,
    api_base: str | None,
    progress: ProgressCallback,
    shared: PackageOptions,
    offline: bool,
) -> Job:
    report = Report()
    options = replace(
        shared,
        out=entry.out,
        name=entry.name,
        methods=entry.methods,
        exclude=entry.exclude,
        client_options=entry.client_options,
        json_types=entry.json_types,
    )
    if offline:
        return Job(_lock_source(options, entry.address, report), options, report)
    access = source.Access(
        api_base=_choose_api_base(api_base, settings),
        progress=label_progress(progress, entry.name),
    )
    return Job(_TrustedSource(entry, access, settings, report), options, report)


def _shared_options(arguments: argparse.Namespace) -> PackageOptions:
    """Return the options of the command line that all packages share."""
    folder = arguments.templates
    custom = NO_CUSTOM_TEMPLATES if folder is None else read_custom_templates(folder)
    return PackageOptions(force=arguments.force, strict=arguments.strict, custom=custom)


class _TrustedSource:
    """The source of a configured model, which checks that its server may get the credential."""

    def __init__(
        self, entry: ModelEntry, access: source.Access, settings: Settings, report: Report
    ) -> None:
        self._entry = entry
        self._access = access
        self._settings = settings
        self._report = report

    def fetch(self) -> source.Document:
        """Check the server, then fetch the signatures."""
        if isinstance(self._entry.address, RunnerAddress):
            trust.check_trusted(self._entry.address.base_url)
        elif isinstance(self._entry.address, ModelAddress):
            _check_api_base(self._access.api_base, self._settings)
        return source.resolve_address(self._entry.address, self._access, self._report).fetch()


def _lock_source(options: PackageOptions, expected: Address, report: Report) -> Source:
    """Return the lock of a package as the source of its model's signatures.

    Args:
        options: The folder and the name of the package.
        expected: The address of the model, which the lock must name.
        report: Collects warnings.
    """
    model = expected if isinstance(expected, ModelAddress) else None
    reference = None if model is None else model.reference
    name = packages.choose_package_name(reference, options.name)
    return source.LockFile(options.out / name / LOCK_FILE, model, report)


def _parse_reference(text: str) -> ModelRef:
    match parse_address(text):
        case ModelAddress(reference, ""):
            return reference
        case _:
            raise Refusal(
                "--model takes a model of the platform, without a version",
                exit_code=USAGE,
                remedy="expected USER/APP/models/MODEL",
            )
