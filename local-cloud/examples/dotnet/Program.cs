using System.ClientModel.Primitives;
using Azure.Identity;
using OpenAI;
using OpenAI.Chat;

var isLocal = Environment.GetEnvironmentVariable("LOCAL_CLOUD_ISSUER") != null;
// Otherwise the SDK asks login.microsoftonline.com whether it knows this authority.
var credential = new DefaultAzureCredential(new DefaultAzureCredentialOptions { DisableInstanceDiscovery = isLocal });
var client = new ChatClient(
    model: "chat",
    authenticationPolicy: new BearerTokenPolicy(credential, "https://cognitiveservices.azure.com/.default"),
    options: new OpenAIClientOptions
    {
        Endpoint = new Uri(Environment.GetEnvironmentVariable("AZURE_OPENAI_ENDPOINT") + "/openai/v1")
    });
ChatCompletion completion = client.CompleteChat("Are you there?");
Console.WriteLine(completion.Content[0].Text);
