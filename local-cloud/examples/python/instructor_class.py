import os

import instructor
from azure.identity import DefaultAzureCredential, get_bearer_token_provider
from openai import OpenAI
from pydantic import BaseModel


class City(BaseModel):
    name: str
    inhabitants: int


client = instructor.from_openai(
    OpenAI(
        base_url=os.environ["AZURE_OPENAI_ENDPOINT"] + "/openai/v1",
        api_key=get_bearer_token_provider(
            DefaultAzureCredential(), "https://cognitiveservices.azure.com/.default"
        ),
    )
)
city = client.chat.completions.create(
    model="chat",
    response_model=City,
    messages=[{"role": "user", "content": "What is the capital of France?"}],
)
print(city.model_dump_json())
