"""Values to bytes and back by hand, for a method with one parameter, `value`: the shortest loops that do it."""

import numpy
from google.protobuf import json_format

from benchmarks.model import Reading
from benchmarks.peers.hand import data_of, pb, request_of, result_of
from clarigen import Box, Concept, Image, Region


def encode(method, value):
    data = data_of(method)
    FILL[method](data.parts.add(id="value").data, value)
    return request_of(data).SerializeToString()


def decode(method, reply):
    return READ[method](result_of(pb.MultiOutputResponse.FromString(reply)))


def fill_image(data, value):
    data.image.base64 = value.bytes


def read_image(data):
    return Image(bytes=data.image.base64)


def fill_array(data, value):
    data.ndarray.buffer = value.tobytes()
    data.ndarray.shape.extend(value.shape)
    data.ndarray.dtype = str(value.dtype)


def read_array(data):
    array = data.ndarray
    return numpy.frombuffer(array.buffer, array.dtype).reshape(array.shape)


def fill_strings(data, value):
    for text in value:
        data.parts.add().data.string_value = text


def read_strings(data):
    return [part.data.string_value for part in data.parts]


def fill_concepts(data, value):
    for concept in value:
        data.concepts.add(id=concept.id, name=concept.name, value=concept.value)


def read_concepts(data):
    return [Concept(c.name, value=c.value, id=c.id) for c in data.concepts]


def fill_regions(data, value):
    for region in value:
        message = data.regions.add(id=region.id, value=region.value)
        left, top, right, bottom = region.box
        box = message.region_info.bounding_box
        box.left_col, box.top_row, box.right_col, box.bottom_row = left, top, right, bottom
        fill_concepts(message.data, region.concepts)


def read_regions(data):
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
    for record in value:
        parts = data.parts.add().data.parts
        parts.add(id="name").data.string_value = record.name
        parts.add(id="count").data.int_value = record.count
        parts.add(id="value").data.float_value = record.value
        parts.add(id="good").data.bool_value = record.good


def read_records(data):
    records = []
    for part in data.parts:
        found = {member.id: member.data for member in part.data.parts}
        records.append(
            Reading(
                name=found["name"].string_value,
                count=found["count"].int_value,
                value=found["value"].float_value,
                good=found["good"].bool_value,
            )
        )
    return records


def fill_json(data, value):
    data.struct_value.update(value)


def read_json(data):
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


def reply(method, value):
    """An answer that holds the value."""
    output = pb.Output(status=pb.Status(code=10000))
    FILL[method](output.data.parts.add(id="return").data, value)
    return pb.MultiOutputResponse(status=output.status, outputs=[output]).SerializeToString()
