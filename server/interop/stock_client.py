# SPDX-License-Identifier: Apache-2.0
"""Triton's Python client against a host: lists, checks and calls a model, over gRPC and REST.

usage: stock_client.py HOST:PORT MODEL SIGNATURE_SHA256 KEY_SET_ID CIPHERTEXT_FILE ANSWER_FILE   (the API key on standard input)

Nothing here knows the host's own protocol. Writes ANSWER_FILE.grpc and ANSWER_FILE.http, the ciphertext of the answer.
"""
import sys

import numpy
import tritonclient.grpc
import tritonclient.http


def call(module, form, address, model, signature, key_set, ciphertext, headers):
    client = module.InferenceServerClient(address)
    assert client.is_server_live(headers=headers), "the server is not live"
    assert client.is_server_ready(headers=headers), "the server is not ready"
    assert client.is_model_ready(model, headers=headers), "the model is not ready"
    assert not client.is_model_ready("nosuch", headers=headers), "a model that is not there is ready"
    if form == "grpc":
        metadata = client.get_model_metadata(model, headers=headers, as_json=True)
        index = client.get_model_repository_index(headers=headers, as_json=True)["models"]
    else:
        metadata = client.get_model_metadata(model, headers=headers)
        index = client.get_model_repository_index(headers=headers)
    assert [entry["name"] for entry in index] == [model], index
    assert "signature_sha256=" + signature in metadata["platform"], metadata
    tensor = metadata["inputs"][0]

    data = module.InferInput(tensor["name"], [1], tensor["datatype"])
    data.set_data_from_numpy(numpy.array([ciphertext], dtype=numpy.object_))
    result = client.infer(
        model, [data], request_id="stock", headers=headers,
        parameters={"signature_sha256": signature, "key_set_id": key_set})
    try:
        client.infer(model, [data], headers=headers, parameters={"signature_sha256": "0" * 64, "key_set_id": key_set})
    except tritonclient.utils.InferenceServerException as error:
        assert "signature" in str(error), error
    else:
        raise AssertionError("another signature was accepted")
    return result.as_numpy(metadata["outputs"][0]["name"])[0]


def main():
    address, model, signature, key_set, row, answer = sys.argv[1:]
    headers = {"authorization": "Bearer " + sys.stdin.readline().strip()}
    with open(row, "rb") as file:
        ciphertext = file.read()
    for form, module in (("grpc", tritonclient.grpc), ("http", tritonclient.http)):
        output = call(module, form, address, model, signature, key_set, ciphertext, headers)
        with open(answer + "." + form, "wb") as file:
            file.write(output)


if __name__ == "__main__":
    main()
