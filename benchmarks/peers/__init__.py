"""Who is compared: `hand` and `hand_values` are the hand-written client, `official` the SDK, `ours` is ours."""
