"""The client that someone would write by hand: grpc, a compiled .proto, a few lines a method.

Straight-line code: it checks nothing but the status, retries nothing, and knows the one model. `hand_pb2` is
compiled from `hand.proto` when the benchmarks start.
"""

import grpc
import grpc.experimental
import hand_pb2 as pb

PATH = "/clarifai.api.V2/"
SUCCESS = 10000
METADATA = (("authorization", "Key 0123456789abcdef0123456789abcdef"),)
USER_APP = pb.UserAppIDSet(user_id="user", app_id="app")
OPTIONS = {"timeout": 600.0, "metadata": METADATA}


def data_of(method):
    data = pb.Data()
    data.metadata.fields["_method_name"].string_value = method
    return data


def request_of(data):
    return pb.PostModelOutputsRequest(
        user_app_id=USER_APP, model_id="model", inputs=[pb.Input(data=data)]
    )


def predict_request(prompt, max_tokens=256, temperature=0.7, echo=False):
    data = data_of("predict")
    data.parts.add(id="prompt").data.string_value = prompt
    data.parts.add(id="max_tokens").data.int_value = max_tokens
    data.parts.add(id="temperature").data.float_value = temperature
    data.parts.add(id="echo").data.bool_value = echo
    return request_of(data)


def chunks_request(prompt, count):
    data = data_of("chunks")
    data.parts.add(id="prompt").data.string_value = prompt
    data.parts.add(id="count").data.int_value = count
    return request_of(data)


def result_of(response):
    if response.status.code != SUCCESS:
        raise RuntimeError(f"{response.status.description}: {response.status.details}")
    return response.outputs[0].data.parts[0].data


class Client:
    def __init__(self, address):
        self.channel = grpc.insecure_channel(
            address, [(grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)]
        )
        self._predict, self._chunks = calls(self.channel)

    def predict(self, prompt, **options):
        response = self._predict(predict_request(prompt, **options), **OPTIONS)
        return result_of(response).string_value

    def chunks(self, prompt, count):
        for response in self._chunks(chunks_request(prompt, count), **OPTIONS):
            yield result_of(response).string_value


class AsyncClient:
    def __init__(self, address):
        import grpc.aio

        self.channel = grpc.aio.insecure_channel(address)
        self._predict, self._chunks = calls(self.channel)

    async def predict(self, prompt, **options):
        response = await self._predict(predict_request(prompt, **options), **OPTIONS)
        return result_of(response).string_value

    async def chunks(self, prompt, count):
        async for response in self._chunks(chunks_request(prompt, count), **OPTIONS):
            yield result_of(response).string_value


def calls(channel):
    serializers = {
        "request_serializer": pb.PostModelOutputsRequest.SerializeToString,
        "response_deserializer": pb.MultiOutputResponse.FromString,
    }
    return (
        channel.unary_unary(PATH + "PostModelOutputs", **serializers),
        channel.unary_stream(PATH + "GenerateModelOutputs", **serializers),
    )
