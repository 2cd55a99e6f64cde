"""An agentic model: OpenAI-compatible, with tools of MCP servers, and a typed method of its own."""

import os

from clarifai.runners.models.agentic_class import AgenticModelClass
from openai import OpenAI


class Agentic(AgenticModelClass):
    client = OpenAI(api_key="backend-key", base_url=os.environ["BACKEND_URL"], max_retries=0)
    model = "tiny"

    @AgenticModelClass.method
    def predict(self, prompt: str, shout: bool = False) -> str:
        """Answer a prompt.

        Args:
            prompt: The prompt.
            shout: Whether to answer in capitals.
        """
        messages = [{"role": "user", "content": prompt}]
        completion = self.client.chat.completions.create(model=self.model, messages=messages)
        text = completion.choices[0].message.content or ""
        return text.upper() if shout else text
