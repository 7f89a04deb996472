package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/cognitiveservices/armcognitiveservices"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
)

func main() {
	ctx := context.Background()
	subscription := os.Getenv("AZURE_SUBSCRIPTION_ID")
	account := os.Getenv("LOCAL_CLOUD_RESOURCE_ID")
	parts := strings.Split(account, "/")
	group, name := parts[4], parts[8]

	credential, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		DisableInstanceDiscovery: os.Getenv("LOCAL_CLOUD_ISSUER") != "",
	})
	check(err)
	options := &arm.ClientOptions{ClientOptions: policy.ClientOptions{Cloud: clouds()}}

	accounts, err := armcognitiveservices.NewAccountsClient(subscription, credential, options)
	check(err)
	found, err := accounts.Get(ctx, group, name, nil)
	check(err)
	fmt.Println(*found.Name, *found.Kind, *found.Properties.Endpoint)

	deployments, err := armcognitiveservices.NewDeploymentsClient(subscription, credential, options)
	check(err)
	for pager := deployments.NewListPager(group, name, nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		check(err)
		for _, deployment := range page.Value {
			fmt.Println(*deployment.Name, *deployment.Properties.Model.Name)
		}
	}

	assignments, err := armauthorization.NewRoleAssignmentsClient(subscription, credential, options)
	check(err)
	for pager := assignments.NewListForScopePager(account, nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		check(err)
		for _, assignment := range page.Value {
			fmt.Println(*assignment.Properties.RoleDefinitionID, *assignment.Properties.PrincipalID)
		}
	}

	identities, err := armmsi.NewUserAssignedIdentitiesClient(subscription, credential, options)
	check(err)
	for pager := identities.NewListByResourceGroupPager(group, nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		check(err)
		for _, identity := range page.Value {
			fmt.Println(*identity.Name, *identity.Properties.ClientID)
		}
	}
}

// The Azure SDKs have no variable for the address of Resource Manager.
func clouds() cloud.Configuration {
	local, isLocal := os.LookupEnv("LOCAL_CLOUD_RESOURCE_MANAGER")
	if !isLocal {
		return cloud.AzurePublic
	}
	return cloud.Configuration{
		ActiveDirectoryAuthorityHost: os.Getenv("AZURE_AUTHORITY_HOST"),
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: local, Audience: "https://management.azure.com"},
		},
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
