import os

from azure.ai.projects import AIProjectClient
from azure.identity import DefaultAzureCredential

project = AIProjectClient(
    endpoint=os.environ["LOCAL_CLOUD_ENDPOINT"] + "/api/projects/shop",
    credential=DefaultAzureCredential(),
)
print(sorted(deployment.name for deployment in project.deployments.list()))
completion = project.get_openai_client().chat.completions.create(
    model="chat", messages=[{"role": "user", "content": "Are you there?"}]
)
print(completion.choices[0].message.content)
