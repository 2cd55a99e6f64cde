"""The commands of `gen-client`; `table` lists them."""
