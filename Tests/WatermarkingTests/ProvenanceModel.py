"""Stands in for a model server in tests: prints its port, then one line of JSON for each request. Ends when its input does.

Arguments are what it does with one request after the other, the last for all that follow: a status, 'hang', 'large', 'junk'
or 'cut'. Status 200 answers "echo " and the prompt.
"""
import http.server
import json
import os
import sys
import threading
import time

answers = sys.argv[1:]
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with lock:
            print(json.dumps({"path": self.path, "headers": headers, "body": body}), flush=True)
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer == "hang":
            time.sleep(60)
            return
        status = int(answer) if answer.isdigit() else 200
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        if answer == "large":
            self.end_headers()
            try:
                for _ in range(40):
                    self.wfile.write(b" " * (1 << 20))
            except OSError:
                pass
            return
        if "messages" in body:
            choice = {"message": {"role": "assistant", "content": "echo " + body["messages"][0]["content"]}}
        else:
            choice = {"text": "echo " + body["prompt"]}
        text = json.dumps({"choices": [choice], "usage": {"completion_tokens": 7}}).encode()
        if answer == "junk":
            text = b"<html>no JSON</html>"
        self.send_header("Content-Length", str(len(text) + (100 if answer == "cut" else 0)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
