"""A partner's client out of python3-jose (ES512) and python3-cryptography (x-sign, http-signature).

BASE=https://… PRIVATE_KEY=key.pem DOCUMENT=file.pdf, and CLIENT_KEY (ES512), API_KEY (x-sign) or KEY_ID (http-signature)
python3 partner.py es512-wrapped | es512-plain | x-sign [nonce] | http-signature
"""
import base64, datetime, hashlib, json, os, re, sys, time, urllib.error, urllib.request, uuid
from email.utils import formatdate

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from jose import jws, jwt

BASE, PRIVATE_KEY, DOCUMENT = (os.environ[name] for name in ("BASE", "PRIVATE_KEY", "DOCUMENT"))
CLIENT_KEY, API_KEY, KEY_ID = (os.environ.get(name) for name in ("CLIENT_KEY", "API_KEY", "KEY_ID"))
scheme, option = (sys.argv[1:] + [None])[:2]
with open(PRIVATE_KEY) as file:
    pem = file.read()


def open_url(method, path, headers=None, body=None):
    request = urllib.request.Request(BASE + path, data=body, headers=headers or {}, method=method)
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers, answer.read()


published = [key for key in json.loads(open_url("GET", "/keys")[2])["keys"] if key["purpose"] == "response"]


def platform(alg, kid=None):
    return next(key for key in published if key["alg"] == alg and kid in (None, key["kid"]))["pem"]


def must(is_true, what):
    if not is_true:
        raise SystemExit(f"the answer is not to be trusted: {what}")


def md5(data):
    return hashlib.md5(data).hexdigest()


# ---- ES512 ----


def token(claims):
    return jwt.encode(claims, pem, algorithm="ES512")


def opened(text):
    return json.loads(jws.verify(text, platform("ES512"), algorithms=["ES512"]))


def wrapped_request(method, path, body):
    encoded = token(json.loads(body)) if body else None
    lines = [method, md5(encoded.encode()) if encoded else "", "application/json", formatdate(usegmt=True), path]
    authorization = f"QIT {CLIENT_KEY}:" + token({"sub": CLIENT_KEY, "signature": "\n".join(lines)})
    headers = {"Authorization": authorization, "API-CLIENT-KEY": CLIENT_KEY, "Content-Type": "application/json"}
    return headers, json.dumps({"encoded_body": encoded}).encode() if encoded else None


def wrapped_answer(method, path, headers, body, status, request):
    encoded = json.loads(body)["encoded_body"]
    word, _, text = headers["Authorization"].partition(":")
    signed = opened(text)
    its_method, its_md5, _, _, its_path = signed["signature"].split("\n")
    must(word == f"QIT {CLIENT_KEY}" and signed["sub"] == CLIENT_KEY, "it is for another client")
    must((its_method, its_path, its_md5) == (method, path, md5(encoded.encode())), "it answers another request")
    return opened(encoded)


def plain_request(method, path, body):
    now = datetime.datetime.utcnow().isoformat(timespec="microseconds")
    claims = {"payload_md5": md5(body or b"{}"), "timestamp": now, "method": method, "uri": path}
    return {"Authorization": token(claims), "API-CLIENT-KEY": CLIENT_KEY, "Content-Type": "application/json"}, body


def plain_answer(method, path, headers, body, status, request):
    signed = opened(headers["Authorization"])
    must((signed["method"], signed["uri"]) == (method, path), "it answers another request")
    must(signed["payload_md5"] == md5(body), "its body is another")
    return json.loads(body)


# ---- RFC 9421 ----


def digest_of(body):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def base_of(names, values, params):
    return "\n".join([f"{name}: {values[name]}" for name in names] + [f'"@signature-params": {params}']).encode()


def message_request(method, path, body):
    values = {'"@method"': method, '"@target-uri"': BASE + path}
    if body:
        values['"content-digest"'] = digest_of(body)
    params = f'({" ".join(values)});created={int(time.time())};nonce="{uuid.uuid4()}";keyid="{KEY_ID}"'
    key = serialization.load_pem_private_key(pem.encode(), None)
    signature = base64.b64encode(key.sign(base_of(values, values, params))).decode()
    headers = {"Signature-Input": f"sig1={params}", "Signature": f"sig1=:{signature}:"}
    if body:
        headers.update({"Content-Digest": digest_of(body), "Content-Type": "application/json"})
    return headers, body


def message_answer(method, path, headers, body, status, request):
    values = {'"@status"': status, '"content-digest"': digest_of(body), '"@method";req': method, '"@target-uri";req': BASE + path}
    if "Signature" in request:
        values['"signature";req'] = request["Signature"]
    params = headers["Signature-Input"].partition("=")[2]
    names = re.match(r"\(([^)]*)\)", params)[1].split(" ")
    must(set(values) <= set(names), "it does not cover all that it should")
    key = serialization.load_pem_public_key(platform("EdDSA", re.search(';keyid="([^"]+)"', params)[1]).encode())
    key.verify(base64.b64decode(headers["Signature"].split(":")[1]), base_of(names, values, params))
    return json.loads(body)


# ---- x-sign ----

nonce = 0


def x_sign_request(method, path, body):
    global nonce
    nonce += 1
    prefix = str(nonce if option == "nonce" else int(time.time()))
    key = serialization.load_pem_private_key(pem.encode(), None)
    signature = key.sign((prefix + BASE + path).encode() + (body or b""), padding.PKCS1v15(), hashes.SHA256())
    headers = {"x-api-key": API_KEY, "x-sign": base64.urlsafe_b64encode(signature).decode(), "Accept-Signature": "sig1=()"}
    headers["x-nonce" if option == "nonce" else "x-timestamp"] = prefix
    return headers, body


# ---- one envelope ----

make, check = {
    "es512-wrapped": (wrapped_request, wrapped_answer),
    "es512-plain": (plain_request, plain_answer),
    "x-sign": (x_sign_request, message_answer),
    "http-signature": (message_request, message_answer),
}[scheme]


def call(method, path, body=None):
    request, sent = make(method, path, json.dumps(body).encode() if body else None)
    status, headers, received = open_url(method, path, request, sent)
    answer = check(method, path, headers, received, status, request)
    print(status, method, path, answer.get("status", ""))
    must(status < 300, answer)
    return answer


signer = {
    "name": "Maria da Conceição", "email": "maria@example.com", "document_number": "529.982.247-25", "birthdate": "1992-09-15",
    "document_submission_method": "email", "authentication_submission_method": "email",
}
expiry = (datetime.date.today() + datetime.timedelta(days=30)).isoformat()
with open(DOCUMENT, "rb") as file:
    document = {"name": "Contrato", "document_type": "pdf", "document_b64": base64.b64encode(file.read()).decode()}

one = {"id": str(uuid.uuid4()), "subject": "Locação", "expiration_date": expiry, "signers": [signer]}
path = "/sign/envelope/" + call("POST", "/sign/envelope", one)["id"]
call("POST", path + "/document", document)
call("PATCH", path, {"status": "submitted"})
call("GET", path)
call("GET", "/sign/envelope?page=1&limit=5")
call("PATCH", path, {"status": "canceled"})
