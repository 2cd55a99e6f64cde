"""A model without signatures on the official server: a class with the proto method `PostModelOutputs` alone.

It answers with what it received, so that tests see how the request reached it. This module must not use our own
messages. The SDK looks at the annotations of the method, so they must not be texts.
"""

from typing import Any

from clarifai.runners.models.model_class import ModelClass
from clarifai_grpc.grpc.api import resources_pb2, service_pb2
from clarifai_grpc.grpc.api.status import status_code_pb2, status_pb2
from google.protobuf import json_format

SUCCESS = status_pb2.Status(code=status_code_pb2.SUCCESS)
PARAMS = ("echo", "extra", "max_tokens", "mode", "stop", "system_prompt", "temperature", "weights")
BROKEN = b"broken"
"""The bytes of an image that the model refuses."""


class InlineModel(ModelClass):  # type: ignore[misc]  # the SDK is untyped
    """A model that classifies, detects, embeds and generates, by what its type is said to be.

    Attributes:
        model_type: The name of the type.
        requests: The requests that it received.
    """

    def __init__(self, model_type: str) -> None:
        self.model_type = model_type
        self.requests: list[Any] = []

    def PostModelOutputs(  # noqa: N802 - the SDK's name
        self, request: service_pb2.PostModelOutputsRequest
    ) -> service_pb2.MultiOutputResponse:
        """Answer each input with an output."""
        self.requests.append(request)
        info = request.model.model_version.output_info
        outputs = [self._answer(message.data, info) for message in request.inputs]
        return service_pb2.MultiOutputResponse(outputs=outputs)

    def _answer(self, data: Any, info: Any) -> Any:
        if data.image.base64 == BROKEN:
            return resources_pb2.Output(
                status=status_pb2.Status(
                    code=status_code_pb2.INPUT_DOWNLOAD_FAILED, description="not an image"
                )
            )
        output = resources_pb2.Output(status=SUCCESS)
        if data.HasField("video"):
            frame = output.data.frames.add()
            frame.frame_info.time = info.output_config.sample_ms or 1000
            _add_region(frame.data)
        else:
            getattr(self, f"_{self.model_type.replace('-', '_')}")(data, info, output.data)
        return output

    def _visual_classifier(self, data: Any, info: Any, result: Any) -> None:
        config = info.output_config
        names = [concept.name for concept in config.select_concepts] or ["dog", "cat", "car"]
        for position, name in enumerate(names[: config.max_concepts or 20]):
            value = 0.9 - position / 4
            if value >= config.min_value:
                result.concepts.add(id=f"ai_{name}", name=name, value=value)

    def _visual_detector(self, data: Any, info: Any, result: Any) -> None:
        _add_region(result)

    def _visual_embedder(self, data: Any, info: Any, result: Any) -> None:
        result.embeddings.add(vector=[0.5, -1.0, len(data.image.base64)], num_dimensions=3)

    def _text_to_text(self, data: Any, info: Any, result: Any) -> None:
        params = json_format.MessageToDict(info.params)  # the server adds the secrets of the model
        result.text.raw = (
            f"{data.text.raw} {[(key, params[key]) for key in PARAMS if key in params]}"
        )

    def _text_to_image(self, data: Any, info: Any, result: Any) -> None:
        result.image.base64 = data.text.raw.encode()

    def _audio_to_text(self, data: Any, info: Any, result: Any) -> None:
        result.text.raw = f"{len(data.audio.base64)} bytes"

    def _multimodal_to_text(self, data: Any, info: Any, result: Any) -> None:
        result.text.raw = f"{data.text.raw} about {len(data.image.base64)} bytes"

    def _concept_synonym_mapper(self, data: Any, info: Any, result: Any) -> None:
        for concept in data.concepts:
            result.concepts.add(name=concept.name.upper(), value=concept.value)

    def _image_analyzer(self, data: Any, info: Any, result: Any) -> None:
        self._visual_classifier(data, info, result)
        self._visual_embedder(data, info, result)
        result.text.raw = f"{data.text.raw}{info.params['text']}"

    def _text_classifier(self, data: Any, info: Any, result: Any) -> None:
        """Answer as another type does."""
        result.clusters.add(id="c1", score=0.5)
        result.text.raw = data.text.raw


def _add_region(data: Any) -> None:
    region = data.regions.add(id="r1", value=0.75)
    region.region_info.bounding_box.left_col = 0.25
    region.region_info.bounding_box.right_col = 0.75
    region.data.concepts.add(name="dog", value=0.5)
