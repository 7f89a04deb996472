import os

from azure.identity import DefaultAzureCredential, get_bearer_token_provider
from openai import OpenAI

# Nothing here knows of the local cloud.


def ask(question: str) -> str | None:
    """What the model says."""
    client = OpenAI(
        base_url=os.environ["AZURE_OPENAI_ENDPOINT"] + "/openai/v1",
        api_key=get_bearer_token_provider(
            DefaultAzureCredential(), "https://cognitiveservices.azure.com/.default"
        ),
    )
    completion = client.chat.completions.create(
        model="chat", messages=[{"role": "user", "content": question}]
    )
    return completion.choices[0].message.content
