"""The record's heads by program: anybody reads them, page by page, and verifies them with the published key."""

import json
from pathlib import Path

import httpx
from fastapi import FastAPI

from adapters.heads import HeadKeys
from casework import record
from casework.responsible import Operator
from domain.record_checks import check_heads


async def test_anybody_gets_the_heads_and_the_key_that_signed_them(app: FastAPI, http: httpx.AsyncClient, tmp_path: Path) -> None:
    for _ in range(2):
        await record.seal(app.state.office, Operator.here())
    page = (await http.get("/v1/record/heads")).json()
    tokens = [head["jws"] for head in page["items"]]
    while page["next_cursor"]:
        page = (await http.get("/v1/record/heads", params={"cursor": page["next_cursor"]})).json()
        tokens += [head["jws"] for head in page["items"]]
    file = tmp_path / "keys.json"
    file.write_text(json.dumps((await http.get("/v1/record/keys")).json()))
    heads, wrong = check_heads(tokens, HeadKeys.of_file(file))
    assert (len(heads) >= 2, wrong) == (True, [])
    assert {name: value for name, value in page["items"][-1].items() if name != "jws"} == heads[-1].head.model_dump(mode="json")

    later = (await http.get("/v1/record/heads", params={"cursor": str(len(tokens) - 1)})).json()
    assert [head["jws"] for head in later["items"]] == tokens[-1:]
    assert (await http.get("/v1/record/heads", params={"cursor": "x"})).status_code == 422


async def test_the_key_that_is_given_out_is_the_public_half(http: httpx.AsyncClient) -> None:
    (key,) = (await http.get("/v1/record/keys")).json()["keys"]
    assert (key["kty"], key["crv"], "d" in key) == ("OKP", "Ed25519", False)
