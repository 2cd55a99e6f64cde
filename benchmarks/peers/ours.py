"""Clarigen's conversion of a value to a request, and of a response to a result, without I/O."""

from clarigen import ModelRef
from clarigen._calls.address import Address, Routing
from clarigen._calls.call import CallContext, call_unary
from clarigen._calls.retry import Policy

CONTEXT = CallContext(Address(ModelRef("user", "app", "model"), "", Routing()), Policy(600.0))


def find_method(method):
    """Return the wire description of a method, from the generated package."""
    from bench import client

    return getattr(client, f"_{method.upper()}")


def encode(method, value):
    """Encode a value to the bytes of a request."""
    return next(call_unary(find_method(method), (value,), CONTEXT)).request


def decode(method, reply, small):
    """Decode a response. The call that it answers is made with `small`, the smallest value of its type."""
    flow = call_unary(find_method(method), (small,), CONTEXT)
    next(flow)
    try:
        flow.send(reply)
    except StopIteration as end:
        return end.value
    raise AssertionError("the call sent a second request")
