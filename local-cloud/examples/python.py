"""One call of a model by each of several libraries: python.py openai | anthropic | langchain | litellm | instructor | pydantic-ai"""

import os
import sys

from azure.identity import DefaultAzureCredential, get_bearer_token_provider

BASE_URL = os.environ["AZURE_OPENAI_ENDPOINT"] + "/openai/v1"
token = get_bearer_token_provider(DefaultAzureCredential(), "https://cognitiveservices.azure.com/.default")
MESSAGES = [{"role": "user", "content": "Are you there?"}]


def openai():
    from openai import OpenAI

    client = OpenAI(base_url=BASE_URL, api_key=token)
    return client.chat.completions.create(model="chat", messages=MESSAGES).choices[0].message.content


def anthropic():
    from anthropic import Anthropic

    ai_token = get_bearer_token_provider(DefaultAzureCredential(), "https://ai.azure.com/.default")
    client = Anthropic(base_url=os.environ["LOCAL_CLOUD_ENDPOINT"] + "/anthropic", auth_token=ai_token())
    return client.messages.create(model="claude-haiku-4-5", max_tokens=64, messages=MESSAGES).content[0].text


def langchain():
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(base_url=BASE_URL, api_key=token, model="chat").invoke("Are you there?").content


def litellm():
    import litellm

    answer = litellm.completion(
        model="azure/chat",
        api_base=os.environ["AZURE_OPENAI_ENDPOINT"],
        api_version="2024-10-21",
        azure_ad_token_provider=token,
        messages=MESSAGES,
    )
    return answer.choices[0].message.content


def instructor():
    import instructor
    from openai import OpenAI
    from pydantic import BaseModel

    class City(BaseModel):
        name: str

    client = instructor.from_openai(OpenAI(base_url=BASE_URL, api_key=token))
    return client.chat.completions.create(model="chat", messages=MESSAGES, response_model=City)


def pydantic_ai():
    from openai import AsyncOpenAI
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(openai_client=AsyncOpenAI(base_url=BASE_URL, api_key=token()))
    return Agent(OpenAIChatModel("chat", provider=provider)).run_sync("Are you there?").output


print(globals()[sys.argv[1].replace("-", "_")]())
