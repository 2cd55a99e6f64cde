"""The commands of `gen-client`; `registry` lists them."""
