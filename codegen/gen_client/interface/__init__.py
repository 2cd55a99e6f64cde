"""The methods of a model: from a signature document and back."""
