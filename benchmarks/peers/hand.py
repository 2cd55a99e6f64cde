"""A hand-written client: grpc, a compiled .proto, and a few lines per method.

The code is straight: it checks nothing but the status, retries nothing, and serves only this model. `hand_pb2`
is compiled from `hand.proto` when the benchmarks start.
"""

import grpc
import grpc.experimental
import hand_pb2 as pb

PATH = "/clarifai.api.V2/"
SUCCESS = 10000
METADATA = (("authorization", "Key 0123456789abcdef0123456789abcdef"),)
USER_APP = pb.UserAppIDSet(user_id="user", app_id="app")
OPTIONS = {"timeout": 600.0, "metadata": METADATA}


def build_data(method):
    """Build the `Data` of an input for a method."""
    data = pb.Data()
    data.metadata.fields["_method_name"].string_value = method
    return data


def build_request(data):
    """Build a request with one input."""
    return pb.PostModelOutputsRequest(
        user_app_id=USER_APP, model_id="model", inputs=[pb.Input(data=data)]
    )


def predict_request(prompt, max_tokens=256, temperature=0.7, echo=False):
    """Build a request of `predict`."""
    data = build_data("predict")
    data.parts.add(id="prompt").data.string_value = prompt
    data.parts.add(id="max_tokens").data.int_value = max_tokens
    data.parts.add(id="temperature").data.float_value = temperature
    data.parts.add(id="echo").data.bool_value = echo
    return build_request(data)


def chunks_request(prompt, count):
    """Build a request of `chunks`."""
    data = build_data("chunks")
    data.parts.add(id="prompt").data.string_value = prompt
    data.parts.add(id="count").data.int_value = count
    return build_request(data)


def read_result(response):
    """Return the `Data` of a response's result; raise RuntimeError if the call failed."""
    if response.status.code != SUCCESS:
        raise RuntimeError(f"{response.status.description}: {response.status.details}")
    return response.outputs[0].data.parts[0].data


class Client:
    """A synchronous client."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(
            address, [(grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)]
        )
        self._predict, self._chunks = build_stubs(self.channel)

    def predict(self, prompt, **options):
        """Call `predict`."""
        response = self._predict(predict_request(prompt, **options), **OPTIONS)
        return read_result(response).string_value

    def chunks(self, prompt, count):
        """Call `chunks` and yield its items."""
        for response in self._chunks(chunks_request(prompt, count), **OPTIONS):
            yield read_result(response).string_value


class AsyncClient:
    """An async client."""

    def __init__(self, address):
        import grpc.aio

        self.channel = grpc.aio.insecure_channel(address)
        self._predict, self._chunks = build_stubs(self.channel)

    async def predict(self, prompt, **options):
        """Call `predict`."""
        response = await self._predict(predict_request(prompt, **options), **OPTIONS)
        return read_result(response).string_value

    async def chunks(self, prompt, count):
        """Call `chunks` and yield its items."""
        async for response in self._chunks(chunks_request(prompt, count), **OPTIONS):
            yield read_result(response).string_value


def build_stubs(channel):
    """Return grpc's multi-callables of `predict` and `chunks`."""
    serializers = {
        "request_serializer": pb.PostModelOutputsRequest.SerializeToString,
        "response_deserializer": pb.MultiOutputResponse.FromString,
    }
    return (
        channel.unary_unary(PATH + "PostModelOutputs", **serializers),
        channel.unary_stream(PATH + "GenerateModelOutputs", **serializers),
    )
