"""The examples of /openapi.json are those of the task: what is shown can be sent, and is understood."""

import pytest
from tests.launching import launched
from tests.serving import call


@pytest.mark.parametrize(
    "task", ["text_classification", "token_classification", "image_classification"]
)
def test_what_is_shown_is_answered_and_its_outcome_taken(tmp_path, task):
    with launched(tmp_path, task=task) as (address, _, _):
        paths = call(address, "GET", "/openapi.json")[1]["paths"]
        shown = {
            name: paths[f"/v1/{name}"]["post"]["requestBody"]["content"]["application/json"][
                "example"
            ]
            for name in ("predict", "feedback")
        }
        status, body, _ = call(address, "POST", "/v1/predict", shown["predict"])
        assert status == 200, body
        said = shown["feedback"] | {"answer_id": body["answers"][0]["answer_id"]}
        assert call(address, "POST", "/v1/feedback", said)[0] == 200
        assert isinstance(said["value"], list) is (task == "token_classification")


def test_the_page_shows_the_examples_of_the_document(tmp_path):
    with launched(tmp_path) as (address, _, _):
        page = str(call(address, "GET", "/docs")[1])
        assert "content.example" in page and '"/v1/predict": {' not in page
