import os

from anthropic import Anthropic
from azure.identity import DefaultAzureCredential, get_bearer_token_provider

token = get_bearer_token_provider(DefaultAzureCredential(), "https://ai.azure.com/.default")
# The host at services.ai.azure.com serves Claude.
client = Anthropic(base_url=os.environ["LOCAL_CLOUD_ENDPOINT"] + "/anthropic", auth_token=token())
message = client.messages.create(
    model="claude-haiku-4-5",
    max_tokens=64,
    messages=[{"role": "user", "content": "Are you there?"}],
)
print(message.content[0].text)
