import os

import litellm
from azure.identity import DefaultAzureCredential, get_bearer_token_provider

completion = litellm.completion(
    model="azure/chat",
    api_base=os.environ["AZURE_OPENAI_ENDPOINT"],
    api_version="2024-10-21",
    azure_ad_token_provider=get_bearer_token_provider(
        DefaultAzureCredential(), "https://cognitiveservices.azure.com/.default"
    ),
    messages=[{"role": "user", "content": "Are you there?"}],
)
print(completion.choices[0].message.content)
