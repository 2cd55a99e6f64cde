"""The official SDK, used as its documentation says, and its conversion of values without I/O."""

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
    """Create the SDK's client."""
    return Model(url=URL, base_url=f"http://{address}", pat="0123456789abcdef0123456789abcdef")


@cache
def fetch_signatures(address):
    """Fetch the signatures of all methods by the SDK's own means."""
    client = model(address).client
    client.fetch()
    return client._method_signatures


def encode(signature, value):
    """Encode a value to the bytes of a request, as `ModelClient._predict` does."""
    message = resources_pb2.Input()
    serialize({"value": value}, signature.input_fields, message.data)
    request = service_pb2.PostModelOutputsRequest()
    request.CopyFrom(TEMPLATE)
    request.inputs.extend([message])
    for each in request.inputs:
        each.data.metadata["_method_name"] = signature.name
    return request.SerializeToString()


def decode(signature, reply):
    """Decode a response, as `ModelClient._predict` does."""
    response = service_pb2.MultiOutputResponse.FromString(reply)
    fields = signature.output_fields
    results = [deserialize(output.data, fields, is_output=True) for output in response.outputs]
    return READ.get(signature.name, lambda unchanged: unchanged)(results[0])


def to_concept(concept):
    """Convert one of our concepts to the SDK's class."""
    return Concept(concept.name, value=concept.value, id=concept.id)


TO_SDK = {
    "image": lambda value: Image(bytes=value.bytes),
    "concepts": lambda value: [to_concept(concept) for concept in value],
    "regions": lambda value: [
        Region(box=list(region.box), concepts=[to_concept(c) for c in region.concepts])
        for region in value
    ],
    "records": lambda value: [
        NamedFields(name=r.name, count=r.count, value=r.value, good=r.good) for r in value
    ],
}
"""Conversions of our values to the SDK's classes, for the methods whose values differ."""


def read_concept(concept):
    """Read the attributes of one of the SDK's concepts."""
    return concept.id, concept.name, concept.value


READ = {
    "image": lambda value: value.bytes,
    "concepts": lambda value: [read_concept(concept) for concept in value],
    "regions": lambda value: [
        (region.id, region.box, [read_concept(c) for c in region.concepts]) for region in value
    ],
}
"""Functions that read each attribute once. The SDK's classes are views of the message and decode when they are read;
the other peers have decoded by then."""
