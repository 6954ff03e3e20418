"""The vectors of signing.json through libchirograph itself, by ctypes. usage: vectors.py LIBRARY FOLDER"""
import ctypes, json, pathlib, sys

lib = ctypes.CDLL(sys.argv[1])
folder = pathlib.Path(sys.argv[2])
vectors = json.loads((folder / "signing.json").read_text())
OK, FORM, ES512, RSA_SHA256 = 0, 6, 1, 2  # of chirograph.h
ES512_WRAPPED, ES512_PLAIN, X_SIGN = (ctypes.c_int() for _ in range(3))
for name in ("chg_request_new", "chg_response_new", "chg_request_header", "chg_request_hash", "chg_request_why", "chg_response_why", "chg_response_body"):
    getattr(lib, name).restype = ctypes.c_void_p if name.endswith(("new", "body")) else ctypes.c_char_p
for name, scheme in (("es512-wrapped", ES512_WRAPPED), ("es512-plain", ES512_PLAIN), ("x-sign", X_SIGN)):
    assert lib.chg_scheme_of(name.encode(), ctypes.byref(scheme))


def key(file, is_private):
    text = (folder / file).read_bytes()
    out, fault = ctypes.c_void_p(), ctypes.create_string_buffer(4096)
    args = (None, None) if is_private else ()
    status = (lib.chg_key_private if is_private else lib.chg_key_public)(text, ctypes.c_size_t(len(text)), *args, ctypes.byref(out), fault)
    assert status == OK, (file, fault.value)
    return out


def request(scheme, method, url, private, client_key=None):
    r = ctypes.c_void_p(lib.chg_request_new(scheme))
    lib.chg_request_set_target(r, method.encode(), url.encode())
    lib.chg_request_set_key(r, private, RSA_SHA256 if scheme is X_SIGN else ES512)
    lib.chg_request_set_api_key(r, b"api-key")
    if client_key:
        lib.chg_request_set_client_key(r, client_key.encode())
    return r


def answered(scheme, method, url, headers, body):
    r = request(scheme, method, url, partner, headers["API-CLIENT-KEY"])
    lib.chg_request_set_time(r, ctypes.c_int64(1793620800))
    assert lib.chg_request_sign(r) == OK, lib.chg_request_why(r)
    c = ctypes.c_void_p(lib.chg_response_new(r))
    lib.chg_response_set_key(c, server, ES512)
    lib.chg_response_set_time(c, ctypes.c_int64(1793620800))
    lib.chg_response_set_status(c, 201)
    for name, value in headers.items():
        lib.chg_response_add_header(c, name.encode(), value.encode())
    lib.chg_response_set_body(c, body, ctypes.c_size_t(len(body)))
    return lib.chg_response_verify(c), lib.chg_response_why(c), c


rsa, partner, server = key("partner_rsa.pem", True), key("partner_es512.key", True), key("server_es512.pub", False)

for name, v in vectors["x_sign"].items():
    r = request(X_SIGN, "POST" if v["body"] else "GET", v["url"], rsa)
    body = v["body"].encode()
    if body:
        lib.chg_request_set_body(r, body, ctypes.c_size_t(len(body)))
    set_prefix = lib.chg_request_set_nonce if name == "nonce" else lib.chg_request_set_time
    set_prefix(r, ctypes.c_int64(int(v["prefix"])))
    assert lib.chg_request_sign(r) == OK, (name, lib.chg_request_why(r))
    assert lib.chg_request_header(r, b"x-sign").decode() == v["x_sign"], name
    assert lib.chg_request_hash(r).decode() == v["sha256"], name
    print("reproduced", name)

v = vectors["es512_wrapped"]["response_to_post"]
headers = {"Authorization": v["authorization"], "API-CLIENT-KEY": v["api_client_key"]}
status, why, checker = answered(ES512_WRAPPED, "POST", "https://api.example.com/test", headers, v["http_body"].encode())
assert status == OK, why
size = ctypes.c_size_t()
text = ctypes.string_at(lib.chg_response_body(checker, ctypes.byref(size)), size.value)
assert json.loads(text) == v["claims_body"], text
print("verified response_to_post")

for name, token in vectors["must_be_refused"].items():
    wrapped = {"Authorization": f"QIT {v['api_client_key']}:{token}", "API-CLIENT-KEY": v["api_client_key"]}
    assert answered(ES512_WRAPPED, "POST", "https://api.example.com/test", wrapped, v["http_body"].encode())[0] == FORM, name
    assert answered(ES512_WRAPPED, "POST", "https://api.example.com/test", headers, json.dumps({"encoded_body": token}).encode())[0] == FORM, name
    assert answered(ES512_PLAIN, "POST", "https://api.example.com/test", {**wrapped, "Authorization": token}, b"{}")[0] == FORM, name
    print("refused", name)
