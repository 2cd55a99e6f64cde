"""A server on this machine that answers sample values with the interface of a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from clarigen.errors import ConfigError
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.interface.model import Model
from gen_client.interface.write import write_signatures

if TYPE_CHECKING:
    from clarigen.testing import Server


def start_sample_server(model: Model, *, port: int = 0, seed: int = 0) -> Server:
    """Start a server, which ends with its `with` block.

    Args:
        model: The model whose interface it has.
        port: Its port on 127.0.0.1; 0 for one that is free.
        seed: Seed of the sample values.

    Raises:
        Refusal: Exit 2: the server cannot be started, or the model has nothing to serve.
    """
    from clarigen.testing import Samples, serve

    try:
        model_type = json.loads(model.model_type) if model.model_type else None
        mcp = None if model.tools is None else model.tools.document
        samples = Samples(write_signatures(model), seed=seed, model_type=model_type, mcp=mcp)
        return serve(samples, port=port, record=0, version=model.version_id)
    except ConfigError as error:
        raise Refusal(str(error), exit_code=USAGE) from None
