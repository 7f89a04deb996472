import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.DefaultAzureCredential;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.credential.BearerTokenCredential;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;

public class Chat {
    public static void main(String[] args) {
        DefaultAzureCredentialBuilder builder = new DefaultAzureCredentialBuilder();
        if (System.getenv("LOCAL_CLOUD_ISSUER") != null) {
            // Otherwise the SDK asks login.microsoftonline.com whether it knows this authority.
            builder.disableInstanceDiscovery();
        }
        DefaultAzureCredential credential = builder.build();
        TokenRequestContext scope =
                new TokenRequestContext().addScopes("https://cognitiveservices.azure.com/.default");
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(System.getenv("AZURE_OPENAI_ENDPOINT") + "/openai/v1")
                .credential(BearerTokenCredential.create(() -> credential.getTokenSync(scope).getToken()))
                .build();
        ChatCompletion completion = client.chat()
                .completions()
                .create(ChatCompletionCreateParams.builder()
                        .model("chat")
                        .addUserMessage("Are you there?")
                        .build());
        System.out.println(completion.choices().get(0).message().content().orElseThrow());
    }
}
