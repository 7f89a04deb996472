import os

from azure.identity import DefaultAzureCredential, get_bearer_token_provider
from openai import OpenAI

client = OpenAI(
    base_url=os.environ["AZURE_OPENAI_ENDPOINT"] + "/openai/v1",
    api_key=get_bearer_token_provider(
        DefaultAzureCredential(), "https://cognitiveservices.azure.com/.default"
    ),
)
completion = client.chat.completions.create(
    model="chat", messages=[{"role": "user", "content": "Are you there?"}]
)
print(completion.choices[0].message.content)
