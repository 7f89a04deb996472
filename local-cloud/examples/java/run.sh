#!/bin/sh
set -eu
cd "$(dirname "$0")"
rm -f trust.p12
keytool -importcert -noprompt -alias local-cloud -file "$NODE_EXTRA_CA_CERTS" \
  -keystore trust.p12 -storetype PKCS12 -storepass local-cloud
# With --instance-discovery HTTPS_PROXY names the proxy. Java reads it only with this property.
exec java -Djava.net.useSystemProxies=true -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=local-cloud \
  -cp 'target/classes:target/dependency/*' Chat
