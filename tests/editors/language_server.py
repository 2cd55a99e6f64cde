"""A session with pyright's language server, driven as an editor drives it.

A test opens a document and asks about the position of its cursor, which is a `|` in the text.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from golden.packages import GENERATED
from support import SOURCES

_T = TypeVar("_T")
PATIENCE = 120
"""The time limit of an answer, in seconds."""

_TOLD = (
    "client/registerCapability",
    "window/logMessage",
    "window/workDoneProgress/create",
    "textDocument/publishDiagnostics",
)
"""Notifications of the server that tests ignore."""


class Editor:
    """A folder open in an editor, with the packages of `generated/` to import from.

    Args:
        folder: The folder.
        *search: Other folders with packages.
    """

    def __init__(self, folder: Path, *search: Path) -> None:
        self._folder = folder
        self._documents = 0
        paths = [*SOURCES.split(":"), str(GENERATED), *map(str, search)]
        settings = {"extraPaths": paths, "pythonVersion": "3.11", "typeCheckingMode": "standard"}
        (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._client = LanguageClient("clarigen-tests", "1")
        self._client.feature("workspace/configuration")(_no_settings)
        for notification in _TOLD:
            self._client.feature(notification)(_nothing)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _start(self) -> None:
        await self._client.start_io(
            str(Path(sys.executable).with_name("pyright-langserver")), "--stdio"
        )
        uri = self._folder.as_uri()
        markup = [types.MarkupKind.Markdown]
        await self._client.initialize_async(
            types.InitializeParams(
                process_id=None,
                root_uri=uri,
                workspace_folders=[types.WorkspaceFolder(uri, "folder")],
                capabilities=types.ClientCapabilities(
                    text_document=types.TextDocumentClientCapabilities(
                        hover=types.HoverClientCapabilities(content_format=markup),
                        completion=types.CompletionClientCapabilities(
                            completion_item=types.ClientCompletionItemOptions(
                                documentation_format=markup
                            )
                        ),
                        signature_help=types.SignatureHelpClientCapabilities(
                            signature_information=types.ClientSignatureInformationOptions(
                                documentation_format=markup
                            )
                        ),
                    )
                ),
            )
        )
        self._client.initialized(types.InitializedParams())

    async def _stop(self) -> None:
        await self._client.shutdown_async(None)
        self._client.exit(None)
        stop: Any = self._client.stop  # it has no types
        await stop()

    def _open(self, text: str) -> tuple[types.TextDocumentIdentifier, types.Position]:
        """Open a document and return the position of its cursor."""
        before, bar, after = text.partition("|")
        assert bar, "the text has no cursor"
        self._documents += 1
        uri = (self._folder / f"document_{self._documents}.py").as_uri()
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        self._client.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(uri, "python", 1, before + after)
            )
        )
        return types.TextDocumentIdentifier(uri), types.Position(line, column)

    def complete(self, text: str) -> list[types.CompletionItem]:
        """Return the completions at the cursor, in the order in which an editor shows them."""
        answer = self._do(
            self._client.text_document_completion_async(types.CompletionParams(*self._open(text)))
        )
        items = answer.items if isinstance(answer, types.CompletionList) else list(answer or [])
        return sorted(items, key=lambda item: item.sort_text or item.label)

    def resolve(self, item: types.CompletionItem) -> str:
        """Return the documentation that an editor shows next to a completion."""
        resolved = self._do(self._client.completion_item_resolve_async(item))
        return _text(resolved.documentation)

    def hover(self, text: str) -> str:
        """Return the hover text at the cursor."""
        answer = self._do(
            self._client.text_document_hover_async(types.HoverParams(*self._open(text)))
        )
        return _text(answer.contents) if answer is not None else ""

    def signatures(self, text: str) -> list[types.SignatureInformation]:
        """Return the signatures shown in a call, the active one first."""
        answer = self._do(
            self._client.text_document_signature_help_async(
                types.SignatureHelpParams(*self._open(text))
            )
        )
        return list(answer.signatures) if answer is not None else []

    def definitions(self, text: str) -> list[tuple[Path, str]]:
        """Return where the name at the cursor is defined: files and lines."""
        answer = self._do(
            self._client.text_document_definition_async(types.DefinitionParams(*self._open(text)))
        )
        places: list[tuple[Path, str]] = []
        for location in answer if isinstance(answer, (list, tuple)) else [answer] if answer else []:
            assert isinstance(location, types.Location)
            path = Path(location.uri.removeprefix("file://"))
            places.append((path, path.read_text("utf-8").split("\n")[location.range.start.line]))
        return places


def _no_settings(params: types.ConfigurationParams) -> list[None]:
    return [None for _ in params.items]


def _nothing(_: object) -> None:
    return None


def _text(content: Any) -> str:
    return content.value if isinstance(content, types.MarkupContent) else str(content or "")
