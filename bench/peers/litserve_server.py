"""LitServe: one worker process; the body comes parsed."""

import sys

import litserve


class Scorer(litserve.LitAPI):
    def setup(self, device):
        pass

    def decode_request(self, request):
        return request["data"]

    def predict(self, data):
        return [sum(r) for r in data]

    def encode_response(self, output):
        return output


if __name__ == "__main__":
    server = litserve.LitServer(Scorer(api_path="/score"), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False)
