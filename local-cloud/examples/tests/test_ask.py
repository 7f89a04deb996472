from ask import ask


def test_the_model_is_asked_without_a_key(control):
    assert ask("Are you there?") == "This is the local cloud speaking."
    assert control("GET", "/journal")[-1]["operation"] == "chatCompletions.create"


def test_a_model_that_is_busy_is_asked_again(control):
    busy = {"kind": "reply", "status": 429, "headers": {"retry-after-ms": "1"}, "body": ""}
    control(
        "POST",
        "/faults",
        {"name": "busy", "operation": "chatCompletions.create", "times": 1, "effect": busy},
    )
    assert ask("Are you there?") == "This is the local cloud speaking."
    calls = [each for each in control("GET", "/journal") if each["operation"] == "chatCompletions.create"]
    assert [call["status"] for call in calls] == [429, 200]
