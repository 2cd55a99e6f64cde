"""An OpenAI-compatible model as its authors write it: the official base class over the real library `openai`."""

import os

from clarifai.runners.models.openai_class import OpenAIModelClass
from openai import OpenAI


class Plain(OpenAIModelClass):
    client = OpenAI(api_key="backend-key", base_url=os.environ["BACKEND_URL"], max_retries=0)
    model = "tiny"
