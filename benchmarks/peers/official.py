"""The official SDK as its documentation uses it, and its way from a value to the bytes and back."""

from functools import cache

from clarifai.client import Model
from clarifai.runners.utils.data_types import Concept, Image, NamedFields, Region
from clarifai.runners.utils.method_signatures import deserialize, serialize
from clarifai_grpc.grpc.api import resources_pb2, service_pb2

URL = "https://clarifai.com/user/app/models/model"
TEMPLATE = service_pb2.PostModelOutputsRequest(
    user_app_id=resources_pb2.UserAppIDSet(user_id="user", app_id="app"), model_id="model"
)


def model(address):
    return Model(url=URL, base_url=f"http://{address}", pat="0123456789abcdef0123456789abcdef")


@cache
def signatures(address):
    """The signature of each method, as the SDK learns them."""
    its = model(address)
    its.client.fetch()
    return its.client._method_signatures


def encode(signature, value):
    """What `ModelClient._predict` does before it sends."""
    given = resources_pb2.Input()
    serialize({"value": value}, signature.input_fields, given.data)
    request = service_pb2.PostModelOutputsRequest()
    request.CopyFrom(TEMPLATE)
    request.inputs.extend([given])
    for each in request.inputs:
        each.data.metadata["_method_name"] = signature.name
    return request.SerializeToString()


def decode(signature, reply):
    """What `ModelClient._predict` does with an answer."""
    response = service_pb2.MultiOutputResponse.FromString(reply)
    fields = signature.output_fields
    results = [deserialize(output.data, fields, is_output=True) for output in response.outputs]
    return READ.get(signature.name, lambda same: same)(results[0])


def concept(its):
    return Concept(its.name, value=its.value, id=its.id)


VALUE = {
    "image": lambda value: Image(bytes=value.bytes),
    "concepts": lambda value: [concept(each) for each in value],
    "regions": lambda value: [
        Region(box=list(each.box), concepts=[concept(c) for c in each.concepts]) for each in value
    ],
    "records": lambda value: [
        NamedFields(name=r.name, count=r.count, value=r.value, good=r.good) for r in value
    ],
}
"""A value of ours in the SDK's classes, where they differ."""


def read_concept(its):
    return its.id, its.name, its.value


READ = {
    "image": lambda value: value.bytes,
    "concepts": lambda value: [read_concept(each) for each in value],
    "regions": lambda value: [
        (each.id, each.box, [read_concept(c) for c in each.concepts]) for each in value
    ],
}
"""Its classes are views of the message: what they show has to be read once, as the others have by then."""
