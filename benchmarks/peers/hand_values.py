"""Hand-written conversion of values, for methods with one parameter `value`, in the shortest loops that do it."""

import numpy
from google.protobuf import json_format

from benchmarks.model import Reading
from benchmarks.peers.hand import build_data, build_request, pb, read_result
from clarigen import Box, Concept, Image, Region


def encode(method, value):
    """Encode a value to the bytes of a request."""
    data = build_data(method)
    FILL[method](data.parts.add(id="value").data, value)
    return build_request(data).SerializeToString()


def decode(method, reply):
    """Decode the bytes of a response."""
    return READ[method](read_result(pb.MultiOutputResponse.FromString(reply)))


def fill_image(data, value):
    """Write an image into a `Data`."""
    data.image.base64 = value.bytes


def read_image(data):
    """Read an image from a `Data`."""
    return Image(bytes=data.image.base64)


def fill_array(data, value):
    """Write an array into a `Data`."""
    data.ndarray.buffer = value.tobytes()
    data.ndarray.shape.extend(value.shape)
    data.ndarray.dtype = str(value.dtype)


def read_array(data):
    """Read an array from a `Data`."""
    array = data.ndarray
    return numpy.frombuffer(array.buffer, array.dtype).reshape(array.shape)


def fill_strings(data, value):
    """Write strings into a `Data`."""
    for text in value:
        data.parts.add().data.string_value = text


def read_strings(data):
    """Read strings from a `Data`."""
    return [part.data.string_value for part in data.parts]


def fill_concepts(data, value):
    """Write concepts into a `Data`."""
    for concept in value:
        data.concepts.add(id=concept.id, name=concept.name, value=concept.value)


def read_concepts(data):
    """Read concepts from a `Data`."""
    return [Concept(c.name, value=c.value, id=c.id) for c in data.concepts]


def fill_regions(data, value):
    """Write regions into a `Data`."""
    for region in value:
        message = data.regions.add(id=region.id, value=region.value)
        left, top, right, bottom = region.box
        box = message.region_info.bounding_box
        box.left_col, box.top_row, box.right_col, box.bottom_row = left, top, right, bottom
        fill_concepts(message.data, region.concepts)


def read_regions(data):
    """Read regions from a `Data`."""
    regions = []
    for message in data.regions:
        box = message.region_info.bounding_box
        regions.append(
            Region(
                box=Box(box.left_col, box.top_row, box.right_col, box.bottom_row),
                concepts=read_concepts(message.data),
                value=message.value,
                id=message.id,
            )
        )
    return regions


def fill_records(data, value):
    """Write records into a `Data`."""
    for record in value:
        parts = data.parts.add().data.parts
        parts.add(id="name").data.string_value = record.name
        parts.add(id="count").data.int_value = record.count
        parts.add(id="value").data.float_value = record.value
        parts.add(id="good").data.bool_value = record.good


def read_records(data):
    """Read records from a `Data`."""
    records = []
    for part in data.parts:
        members = {member.id: member.data for member in part.data.parts}
        records.append(
            Reading(
                name=members["name"].string_value,
                count=members["count"].int_value,
                value=members["value"].float_value,
                good=members["good"].bool_value,
            )
        )
    return records


def fill_json(data, value):
    """Write JSON into a `Data`."""
    data.struct_value.update(value)


def read_json(data):
    """Read JSON from a `Data`."""
    return json_format.MessageToDict(data.struct_value)


FILL = {
    "image": fill_image,
    "array": fill_array,
    "strings": fill_strings,
    "concepts": fill_concepts,
    "regions": fill_regions,
    "records": fill_records,
    "json": fill_json,
}
READ = {
    "image": read_image,
    "array": read_array,
    "strings": read_strings,
    "concepts": read_concepts,
    "regions": read_regions,
    "records": read_records,
    "json": read_json,
}


def build_reply(method, value):
    """Build a response that holds a value."""
    output = pb.Output(status=pb.Status(code=10000))
    FILL[method](output.data.parts.add(id="return").data, value)
    return pb.MultiOutputResponse(status=output.status, outputs=[output]).SerializeToString()
