import json
import os
import ssl
import subprocess
import urllib.request

import pytest


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory):
    """A local cloud for as long as the tests run; its variables are in the environment."""
    file = tmp_path_factory.mktemp("local-cloud") / "cloud.json"
    command = ["npx", "--yes", "key-less-cloud"]
    with file.open("w") as output:
        cloud = subprocess.Popen([*command, "--granted", "--format", "json"], stdout=output)
    try:
        subprocess.run([*command, "wait", str(file)], check=True)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in json.loads(file.read_text()).items():
                patch.setenv(name, value)
            yield cloud
    finally:
        cloud.terminate()
        cloud.wait()


@pytest.fixture
def control(local_cloud):
    """Sends to the control endpoint, which injects faults, moves the clock, and lists the requests."""
    context = ssl.create_default_context(cafile=os.environ["NODE_EXTRA_CA_CERTS"])

    def send(method, path, body=None):
        request = urllib.request.Request(
            os.environ["LOCAL_CLOUD_CONTROL_URL"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + os.environ["LOCAL_CLOUD_CONTROL_TOKEN"]},
        )
        with urllib.request.urlopen(request, context=context) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    send("POST", "/reset")
    return send
