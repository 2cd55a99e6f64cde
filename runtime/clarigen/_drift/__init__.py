"""Whether the deployed model still has the methods of the generated package."""
