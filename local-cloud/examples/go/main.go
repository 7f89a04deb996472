package main

import (
	"context"
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/azure"
	"github.com/openai/openai-go/v3/option"
)

func main() {
	credential, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		// Without a network nobody can be asked whether the authority is Microsoft's.
		DisableInstanceDiscovery: os.Getenv("LOCAL_CLOUD_ISSUER") != "",
	})
	if err != nil {
		panic(err)
	}
	client := openai.NewClient(
		option.WithBaseURL(os.Getenv("AZURE_OPENAI_ENDPOINT")+"/openai/v1"),
		azure.WithTokenCredential(credential),
	)
	completion, err := client.Chat.Completions.New(context.Background(), openai.ChatCompletionNewParams{
		Model:    "chat",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Are you there?")},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(completion.Choices[0].Message.Content)
}
