"""Other forms of a model's methods than a package: prototypes, code to copy, JSON Schema."""
