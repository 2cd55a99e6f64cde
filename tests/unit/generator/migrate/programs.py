"""Programs that use the official SDK, and what a migration makes of them.

The packages are those in `generated/`. Each name says which kind of code the program stands for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from gen_client.commands.migrate_packages import find_packages
from gen_client.diagnostics import Report
from gen_client.migrate.target import Package
from support import ROOT

URL: Final = "https://clarifai.com/example-user/example-app/models"
IMPORT: Final = "from clarifai.client import Model\n"
CHAT: Final = f'Model("{URL}/gpt-5_1")'
EYE: Final = f'Model("{URL}/detector")'
SPEECH: Final = f'Model("{URL}/speech-studio")'


@lru_cache
def packages() -> dict[str, Package]:
    """Return the packages in `generated/`, by module."""
    report = Report()
    found = find_packages([ROOT / "generated"], None, report)
    assert not report.warnings
    return {package.module: package for package in found}


CERTAIN: Final[dict[str, tuple[str, str]]] = {
    "called on the constructor": (
        f"from clarifai.client.model import Model\n\n\ndef ask(q):\n    return {CHAT}.predict(q)\n",
        "from gpt_5_1 import Gpt5_1\n\n\ndef ask(q):\n    return Gpt5_1().predict(q)\n",
    ),
    "options by position": (
        f'{IMPORT}m = {CHAT}\nprint(m.predict("a", None, None))\n',
        'from gpt_5_1 import Gpt5_1\nm = Gpt5_1()\nprint(m.predict("a", image=None, images=None))\n',
    ),
    "two models, one import, another name of it": (
        f"from clarifai.client import App, Model as M\na = M('{URL}/gpt-5_1')\nb = M(url='{URL}/nobody')\napp = App()\na.predict('x')\nb.predict('x')\n",
        f"from clarifai.client import App, Model as M\nfrom gpt_5_1 import Gpt5_1\na = Gpt5_1()\nb = M(url='{URL}/nobody')\napp = App()\na.predict('x')\nb.predict('x')\n",
    ),
    "a URL of constants, a version, a deployment": (
        f'{IMPORT}USER = "example-user"\nURL = f"https://clarifai.com/{{USER}}/example-app/models/gpt-5_1/versions/v7"\nm = Model(\n    URL,  # the one\n    deployment_id="d",  # production\n)\n',
        'from gpt_5_1 import Gpt5_1\nUSER = "example-user"\nURL = f"https://clarifai.com/{USER}/example-app/models/gpt-5_1/versions/v7"\nm = Gpt5_1(\n    version_id="v7",  # the one\n    deployment_id="d",  # production\n)\n',
    ),
    "ids": (
        f'{IMPORT}m = Model(user_id="example-user", app_id="example-app", model_id="gpt-5_1", model_version={{"id": "v"}}, pat=None)\n',
        'from gpt_5_1 import Gpt5_1\nm = Gpt5_1(version_id="v", pat=None)\n',
    ),
    "the comment of an argument that goes": (
        f'{IMPORT}m = Model(\n    pat=None,\n    url="{URL}/gpt-5_1",  # the writer\n)\n',
        "from gpt_5_1 import Gpt5_1\nm = Gpt5_1(\n    pat=None,  # the writer\n)\n",
    ),
    "self, a property, a lazy model": (
        f"{IMPORT}\n\nclass A:\n    def __init__(self):\n        self._m = None\n\n    @property\n    def m(self) -> Model:\n        if self._m is None:\n            self._m = {CHAT}\n        return self._m\n\n    def ask(self, q):\n        return self.m.predict(q, None)\n",
        "from gpt_5_1 import Gpt5_1\n\n\nclass A:\n    def __init__(self):\n        self._m = None\n\n    @property\n    def m(self) -> Gpt5_1:\n        if self._m is None:\n            self._m = Gpt5_1()\n        return self._m\n\n    def ask(self, q):\n        return self.m.predict(q, image=None)\n",
    ),
    "a parameter of the same file": (
        f"{IMPORT}\n\ndef ask(m: Model, q):\n    return m.predict(q)\n\n\nask({CHAT}, 'x')\n",
        "from gpt_5_1 import Gpt5_1\n\n\ndef ask(m: Gpt5_1, q):\n    return m.predict(q)\n\n\nask(Gpt5_1(), 'x')\n",
    ),
    "a cached factory": (
        f"import streamlit as st\n{IMPORT}\n\n@st.cache_resource\ndef load():\n    return {CHAT}\n\n\nload().predict('x')\n",
        "import streamlit as st\nfrom gpt_5_1 import Gpt5_1\n\n\n@st.cache_resource\ndef load():\n    return Gpt5_1()\n\n\nload().predict('x')\n",
    ),
    "a module by its name": (
        f"import clarifai.client.model as c\nm = c.{CHAT}\nm.predict('x')\n",
        "from gpt_5_1 import Gpt5_1\nm = Gpt5_1()\nm.predict('x')\n",
    ),
    "a name that is taken": (
        f"{IMPORT}\n\nclass Gpt5_1:\n    pass\n\n\nm = {CHAT}\n",
        "from gpt_5_1 import Gpt5_1 as Gpt5_1Client\n\n\nclass Gpt5_1:\n    pass\n\n\nm = Gpt5_1Client()\n",
    ),
    "async, awaited twice": (
        f"{IMPORT}\n\nasync def f():\n    m = {CHAT}\n    a = await (await m.async_predict('x', None))\n    stream = await m.async_generate(prompt='y')\n    async for piece in await stream:\n        a += piece\n    return a\n",
        "from gpt_5_1 import AsyncGpt5_1\n\n\nasync def f():\n    m = AsyncGpt5_1()\n    a = await m.predict('x', image=None)\n    stream = m.generate(prompt='y')\n    async for piece in stream:\n        a += piece\n    return a\n",
    ),
    "used both ways": (
        f"{IMPORT}m = {CHAT}\nm.predict('x')\n\n\nasync def f():\n    return await (await m.async_predict('x'))\n",
        "from gpt_5_1 import AsyncGpt5_1, Gpt5_1\nm = Gpt5_1()\nm_async = AsyncGpt5_1()\nm.predict('x')\n\n\nasync def f():\n    return await m_async.predict('x')\n",
    ),
    "data types": (
        f'{IMPORT}from clarifai.runners.utils.data_types import Concept, Image as I, Region\nfrom clarifai.runners.utils import data_types as dt\nm = {EYE}\nm.predict(I(url="u"), 0.5)\nm.generate(dt.Video.from_url("u"))\nI.from_pil(p, "JPEG")\nRegion(box=[0, 0, 1, 1], concepts=[Concept("a", 0.5)])\nRegion(box=b)\n',
        'from detector import Detector\nfrom clarigen import Box, Concept, Image as I, Region\nimport clarigen as dt\nm = Detector()\nm.predict(I(url="u"), threshold=0.5)\nm.generate(dt.Video.from_url("u"))\nI.from_pil(p, format="JPEG")\nRegion(box=Box(0, 0, 1, 1), concepts=[Concept("a", value=0.5)])\nRegion(box=Box(*b))\n',
    ),
    "a record by key, a keyword of Python": (
        f'{IMPORT}from clarifai.runners.utils.data_types import Audio\nm = {SPEECH}\nr = m.transcribe(Audio(url="u"), "en")\nprint(r["text"], r.language)\n',
        'from speech_studio import SpeechStudio\nfrom clarigen import Audio\nm = SpeechStudio()\nr = m.transcribe(Audio(url="u"), language="en")\nprint(r.text, r.language)\n',
    ),
    "a batch where a list may be the argument": (
        f'{IMPORT}m = {SPEECH}\nm.search([{{"query": {{}}}}])\nm.search([{{"role": "user", "content": "x"}}])\n',
        'from speech_studio import SpeechStudio\nm = SpeechStudio()\nm.search_batch([{"query": {}}]).collect()\nm.search([{"role": "user", "content": "x"}])\n',
    ),
    "a use before the assignment, in a loop": (
        f"{IMPORT}m = None\nfor q in qs:\n    if m:\n        m.predict(q, None)\n    m = {CHAT}\nwhile True:\n    if z:\n        z.predict('x', None)\n    z = {CHAT}\n",
        "from gpt_5_1 import Gpt5_1\nm = None\nfor q in qs:\n    if m:\n        m.predict(q, image=None)\n    m = Gpt5_1()\nwhile True:\n    if z:\n        z.predict('x', image=None)\n    z = Gpt5_1()\n",
    ),
    "threads": (
        f"{IMPORT}m = {CHAT}\npool.submit(m.predict, 'x', None)\nlist(pool.map(m.predict, questions))\n",
        "from gpt_5_1 import Gpt5_1\nm = Gpt5_1()\npool.submit(m.predict, 'x', image=None)\nlist(pool.map(m.predict, questions))\n",
    ),
    "a local server beside the platform": (
        f"{IMPORT}from clarifai.client.model_client import ModelClient\n\n\ndef connect(local, port):\n    if local:\n        return ModelClient.from_local_grpc(port)\n    return {CHAT}\n\n\nconnect(True, 1).predict('x')\n",
        "from gpt_5_1 import Gpt5_1\n\n\ndef connect(local, port):\n    if local:\n        return Gpt5_1(base_url=f\"grpc://127.0.0.1:{port}\")\n    return Gpt5_1()\n\n\nconnect(True, 1).predict('x')\n",
    ),
    "tabs, blanks, a comment, a semicolon, CRLF": (
        f'import os ; {IMPORT.strip()} # the SDK\r\nm = Model( url = "{URL}/gpt-5_1" , pat = None ) # it\r\ndef f( x ) :\r\n\treturn m.predict( x # q\r\n\t\t, None ) ;\r\n',
        "import os ; from gpt_5_1 import Gpt5_1 # the SDK\r\nm = Gpt5_1( pat = None ) # it\r\ndef f( x ) :\r\n\treturn m.predict( x # q\r\n\t\t, image=None ) ;\r\n",
    ),
    "a guarded import": (
        f"try:\n    {IMPORT.strip()}\nexcept ImportError:\n    raise SystemExit('pip install clarifai')\nm = {CHAT}\n",
        "try:\n    from gpt_5_1 import Gpt5_1\nexcept ImportError:\n    raise SystemExit('pip install clarifai')\nm = Gpt5_1()\n",
    ),
}
"""Programs that are rewritten without a question: before and after."""

REMARKED: Final[dict[str, tuple[str, str, int, str]]] = {
    "errors of the SDK": (
        f"{IMPORT}from clarifai.errors import UserError\ntry:\n    {CHAT}.predict('x')\nexcept UserError:\n    pass\n",
        "from gpt_5_1 import Gpt5_1\nfrom clarigen import ClarigenError\ntry:\n    Gpt5_1().predict('x')\nexcept ClarigenError:\n    pass\n",
        5,
        "other-errors",
    ),
    "an old call with a text": (
        f"{IMPORT}m = {CHAT}\nr = m.predict_by_bytes(q.encode('utf-8'), 'text', inference_params={{'max_tokens': 3}})\nprint(r.outputs[0].data.text.raw)\n",
        "from gpt_5_1 import Gpt5_1\nm = Gpt5_1()\nr = m.predict(q, max_tokens=3)\nprint(r)\n",
        3,
        "inference-params-take-effect",
    ),
    "an old call of a model without signatures": (
        f"{IMPORT}r = Model('https://clarifai.com/acme/vision/models/flowers').predict_by_url(u, input_type='image')\nprint([c.name for c in r.outputs[0].data.concepts])\n",
        "from clarigen import Image\nfrom flowers import Flowers\nr = Flowers().predict(Image(url=u))\nprint([c.name for c in r])\n",
        2,
        "old-call",
    ),
    "a plain call in a coroutine": (
        f"{IMPORT}\n\nasync def f():\n    return {CHAT}.predict('x')\n",
        "from gpt_5_1 import Gpt5_1\n\n\nasync def f():\n    return Gpt5_1().predict('x')\n",
        5,
        "blocks-the-loop",
    ),
    "a list that may be a batch": (
        f'{IMPORT}m = {SPEECH}\nm.search(found)\nm.search([{{"role": role, "content": q}}])\n',
        'from speech_studio import SpeechStudio\nm = SpeechStudio()\nm.search(found)\nm.search([{"role": role, "content": q}])\n',
        3,
        "batch-or-value",
    ),
    "a session token": (
        f'{IMPORT}m = Model("{URL}/gpt-5_1", token=t)\n',
        "from gpt_5_1 import Gpt5_1\nm = Gpt5_1(session_token=t)\n",
        2,
        "session-token",
    ),
}
"""Programs that are rewritten if the user says so: before, after, and the line and the code of the remark."""

KEPT: Final[dict[str, tuple[str, int, str]]] = {
    "no package": (f"{IMPORT}m = Model('{URL}/nobody')\nm.predict('x')\n", 2, "no-package"),
    "a model from outside": (f"{IMPORT}m = Model(url=args.url)\n", 2, "model-not-known"),
    "the context of the command line": (
        f"{IMPORT}m = Model.from_current_context()\n",
        2,
        "model-not-known",
    ),
    "another method": (f"{IMPORT}m = {CHAT}\nm.sing('x')\n", 3, "no-methods"),
    "another method on the constructor": (f"{IMPORT}{CHAT}.sing('x')\n", 2, "no-methods"),
    "another parameter": (f"{IMPORT}m = {CHAT}\nm.predict('x', top=3)\n", 3, "other-arguments"),
    "questions about the model": (
        f"{IMPORT}m = {CHAT}\nm.predict('x', None)\nprint(m.available_methods())\n",
        4,
        "introspection",
    ),
    "a private part": (f"{IMPORT}m = {CHAT}\nm._set_runner_selector()\n", 3, "private"),
    "a method named by a text": (f"{IMPORT}m = {CHAT}\ngetattr(m, name)()\n", 3, "dynamic"),
    "arguments that cannot be seen": (f"{IMPORT}m = {CHAT}\nm.predict(**q)\n", 3, "dynamic"),
    "something else in the variable": (f"{IMPORT}m = {CHAT}\nm = load()\n", 3, "dynamic"),
    "two models in one variable": (f"{IMPORT}m = {CHAT}\nm = {EYE}\n", 2, "dynamic"),
    "a loop variable": (f"{IMPORT}m = {CHAT}\nfor m in ms:\n    m.predict('x')\n", 3, "dynamic"),
    "a model in a dictionary": (f"{IMPORT}ms = {{'a': {CHAT}}}\n", 2, "escapes"),
    "a model that is passed on": (f"{IMPORT}run({CHAT})\n", 2, "escapes"),
    "an attribute that others call": (
        f"{IMPORT}\n\nclass A:\n    def __init__(self):\n        self.m = {CHAT}\n\n    def f(self):\n        return self.m.predict('x', None)\n\n\nmake().m.predict('x', None)\n",
        12,
        "escapes",
    ),
    "a list of inputs that is handed over": (
        f'{IMPORT}m = {SPEECH}\npool.submit(m.search, [{{"query": 1}}])\n',
        3,
        "dynamic",
    ),
    "the whole response": (
        f"{IMPORT}m = {CHAT}\nm.predict('x', with_proto=True)\n",
        3,
        "with-proto",
    ),
    "a message of the SDK": (
        f"{IMPORT}from clarifai.runners.utils.data_types import Image\nm = {EYE}\nm.predict(Image(message))\n",
        4,
        "proto",
    ),
    "a value that is changed": (
        f"{IMPORT}from clarifai.runners.utils.data_types import Image\nm = {EYE}\ni = Image()\ni.url = 'u'\nm.predict(i)\n",
        5,
        "dynamic",
    ),
    "values between a model that stays and another": (
        f"{IMPORT}from clarifai.runners.utils.data_types import Image\nm = {EYE}\ni = Image(url='u')\nm.predict(i)\no = Model(url=args.url)\no.predict(i)\n",
        6,
        "escapes",
    ),
    "inside of a model": (
        f"{IMPORT}from clarifai.runners.models.model_class import ModelClass\n\n\nclass A(ModelClass):\n    @ModelClass.method\n    def f(self, q: str) -> str:\n        return {CHAT}.predict(q)\n",
        5,
        "in-a-model",
    ),
    "an old call whose response is used in another way": (
        f"{IMPORT}m = {CHAT}\nr = m.predict_by_bytes(q.encode(), 'text')\nprint(r.status)\n",
        3,
        "old-call",
    ),
    "the stream before it is awaited": (
        f"{IMPORT}\n\nasync def f():\n    m = {CHAT}\n    return await m.async_generate('x')\n",
        6,
        "dynamic",
    ),
}
"""Programs of which every byte stays: the line and the code of a reason."""

NEVER: Final[dict[str, str]] = {
    "another library's Model": "from django.db.models import Model\n\n\nclass A(Model):\n    pass\n\n\nModel('clarifai').predict('x')\n",
    "a name that hides the import": f"{IMPORT}\n\ndef f(Model):\n    return {CHAT}\n",
    "a text": f'"""\n{IMPORT}m = 1\n"""\nmodel = None\nmodel.predict("clarifai Model")\n',
    "another package of a similar name": "from clarifai_grpc import Model\nModel('x').predict('x')\n",
}
"""Programs that have nothing to do with it: nothing changes, and nothing is said."""
