"""Certificate authorities that change while clients live, and certificates that nobody trusts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import trustme

from clarigen import ModelError, UnavailableError
from faults.callers import TWINS, AsyncCalls, Calls
from faults.platform_standin import MODEL, OWNER, PAT, Standin


@pytest.mark.parametrize("twin", TWINS)
def test_new_clients_read_the_authorities_anew(
    twin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while another client of the same server lives, whose connection they must not share."""
    authorities = tmp_path / "authorities.pem"
    trustme.CA().cert_pem.write_to_path(str(authorities))
    monkeypatch.setenv("CLARIFAI_ROOT_CERTIFICATES_PATH", str(authorities))
    with Standin(secure=True) as platform:
        platform.failing["PostModelOutputs"] = (30002, "reached")
        options: Any = {
            "base_url": platform.base_url,
            "pat": PAT,
            "model": f"{OWNER[0]}/{OWNER[1]}/models/{MODEL}",
            "timeout": 20,
        }

        def trust_the_platform() -> None:
            authorities.write_text(Path(platform.certificates).read_text())

        async def call() -> None:
            async with AsyncCalls(**options) as before:
                with pytest.raises(UnavailableError, match="CLARIFAI_ROOT_CERTIFICATES_PATH"):
                    await before.double(1)
                trust_the_platform()
                async with AsyncCalls(**options) as after:
                    with pytest.raises(ModelError, match="reached"):
                        await after.double(1)

        if twin == "async":
            asyncio.run(call())
            return
        with Calls(**options) as before:
            with pytest.raises(UnavailableError, match="CLARIFAI_ROOT_CERTIFICATES_PATH") as caught:
                before.double(1)
            assert caught.value.attempts == 0
            trust_the_platform()
            with Calls(**options) as after, pytest.raises(ModelError, match="reached"):
                after.double(1)


@pytest.mark.parametrize("twin", TWINS)
def test_name_that_does_not_resolve_was_not_sent(twin: str) -> None:
    async def call() -> None:
        async with AsyncCalls(base_url="grpc://no-such-host.invalid:80", timeout=2) as model:
            await model.double(1)

    def call_sync() -> None:
        with Calls(base_url="grpc://no-such-host.invalid:80", timeout=2) as model:
            model.double(1)

    with pytest.raises(UnavailableError, match=r"no-such-host\.invalid") as caught:
        asyncio.run(call()) if twin == "async" else call_sync()
    assert caught.value.attempts == 0
    assert not caught.value.may_have_run
