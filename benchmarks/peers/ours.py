"""Our client's way from a value to the bytes that it sends, and from the bytes that it receives to a result."""

from clarigen import ModelRef
from clarigen._calls.address import Address, Routing
from clarigen._calls.call import Context, unary
from clarigen._calls.retry import Policy

CONTEXT = Context(Address(ModelRef("user", "app", "model"), "", Routing()), Policy(600.0))


def described(method):
    """The description of a method in the generated package."""
    from bench import client

    return getattr(client, f"_{method.upper()}")


def encode(method, value):
    return next(unary(described(method), (value,), CONTEXT)).request


def decode(method, reply, small):
    """The result that an answer holds. The call has to be made before: with as small a value as it takes."""
    flow = unary(described(method), (small,), CONTEXT)
    next(flow)
    try:
        flow.send(reply)
    except StopIteration as end:
        return end.value
    raise AssertionError("one request, one answer")
