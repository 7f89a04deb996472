import os

from azure.identity import DefaultAzureCredential, get_bearer_token_provider
from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

token = get_bearer_token_provider(DefaultAzureCredential(), "https://cognitiveservices.azure.com/.default")
client = AsyncOpenAI(base_url=os.environ["AZURE_OPENAI_ENDPOINT"] + "/openai/v1", api_key=token())
agent = Agent(OpenAIChatModel("chat", provider=OpenAIProvider(openai_client=client)))
print(agent.run_sync("Are you there?").output)
