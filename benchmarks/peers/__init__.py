"""The peers that are compared: hand-written code (`hand`, `hand_values`), the SDK (`official`), clarigen (`ours`)."""
