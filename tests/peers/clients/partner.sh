#!/usr/bin/env bash
# A partner's client out of openssl, curl and jq: every scheme that signs.
#
#   BASE=https://… PRIVATE_KEY=key.pem DOCUMENT=file.pdf, and CLIENT_KEY (ES512), API_KEY (x-sign) or KEY_ID (http-signature)
#   partner.sh es512-wrapped | es512-plain | x-sign [nonce] | http-signature [alg]
set -eu -o pipefail
scheme=$1 option=${2:-}
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

fail() { echo "$*" >&2; exit 1; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
unbase64url() {
	local text
	text=$(tr -- '-_' '+/')
	while [ $((${#text} % 4)) -ne 0 ]; do text+='='; done
	printf %s "$text" | openssl base64 -d -A
}
md5() { openssl dgst -md5 -r | cut -d ' ' -f 1; }
header() { tr -d '\r' <"$here/headers" | awk -v name="$1" 'tolower($1) == name ":" { sub(/^[^ ]* /, ""); print }'; }

# openssl writes ECDSA signatures in DER; on the wire they are R and S, of SIZE bytes each.
raw_of_der() { # SIZE
	local number
	openssl asn1parse -inform DER | sed -n 's/.*INTEGER *://p' | while read -r number; do
		printf "%$((2 * $1))s" "$number" | tr ' ' 0
	done | sed 's/../\\x&/g' | xargs -0 printf %b
}
der_of_raw() {
	local hex
	hex=$(od -An -v -tx1 | tr -d ' \n')
	printf 'asn1=SEQUENCE:pair\n[pair]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${hex:0:${#hex}/2}" "${hex:${#hex}/2}" >"$here/pair"
	openssl asn1parse -genconf "$here/pair" -noout -out "$1"
}

curl -fsS "$BASE/keys" >"$here/keys"
jq -r '.keys[] | select(.purpose == "response" and .alg == "ES512") .pem' "$here/keys" >"$here/platform-es512.pem"

# ---- ES512 ----

token() { # claims
	local input
	input=$(printf '{"alg":"ES512"}' | base64url).$(printf %s "$1" | base64url)
	printf '%s.%s' "$input" "$(printf %s "$input" | openssl dgst -sha512 -sign "$PRIVATE_KEY" | raw_of_der 66 | base64url)"
}
opened() { # token
	[ "$(printf %s "${1%%.*}" | unbase64url | jq -r .alg)" = ES512 ] || fail "another algorithm"
	printf %s "${1##*.}" | unbase64url | der_of_raw "$here/der"
	printf %s "${1%.*}" | openssl dgst -sha512 -verify "$here/platform-es512.pem" -signature "$here/der" >/dev/null ||
		fail "the answer's signature is not the platform's"
	printf %s "$1" | cut -d . -f 2 | unbase64url
}

es512_wrapped() {
	local encoded='' hash='' claims signed
	if [ -n "$body" ]; then
		encoded=$(token "$body")
		hash=$(printf %s "$encoded" | md5)
	fi
	claims=$(jq -cn --arg sub "$CLIENT_KEY" --arg lines "$method
$hash
application/json
$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
$path" '{sub: $sub, signature: $lines}')
	transfer "${encoded:+{\"encoded_body\":\"$encoded\"\}}" -H "Authorization: QIT $CLIENT_KEY:$(token "$claims")" -H "API-CLIENT-KEY: $CLIENT_KEY"
	encoded=$(jq -r .encoded_body "$here/answer")
	signed=$(header authorization)
	[ "${signed%%:*}" = "QIT $CLIENT_KEY" ] || fail "it is for another client"
	signed=$(opened "${signed#*:}" | jq -r .signature)
	[ "$(sed -n '1p;2p;5p' <<<"$signed")" = "$method
$(printf %s "$encoded" | md5)
$path" ] || fail "it answers another request"
	opened "$encoded" >"$here/json"
}

es512_plain() {
	local hash signed
	hash=$(printf %s "${body:-{\}}" | md5)
	transfer "$body" -H "API-CLIENT-KEY: $CLIENT_KEY" -H "Authorization: $(token "$(jq -cn --arg md5 "$hash" --arg now "$(date -u +%FT%TZ)" \
		--arg method "$method" --arg uri "$path" '{payload_md5: $md5, timestamp: $now, method: $method, uri: $uri}')")"
	signed=$(opened "$(header authorization)" | jq -r '.method, .uri, .payload_md5')
	[ "$signed" = "$method
$path
$(md5 <"$here/answer")" ] || fail "it answers another request"
	cp "$here/answer" "$here/json"
}

# ---- RFC 9421 ----

digest_of() { printf 'sha-256=:%s:' "$(openssl dgst -sha256 -binary | openssl base64 -A)"; }
sign_base() { # file
	case $option in
	ed25519) openssl pkeyutl -sign -rawin -inkey "$PRIVATE_KEY" -in "$1" ;;
	ecdsa-p256-sha256) openssl dgst -sha256 -sign "$PRIVATE_KEY" "$1" | raw_of_der 32 ;;
	ecdsa-p384-sha384) openssl dgst -sha384 -sign "$PRIVATE_KEY" "$1" | raw_of_der 48 ;;
	rsa-pss-sha512) openssl dgst -sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64 -sign "$PRIVATE_KEY" "$1" ;;
	rsa-v1_5-sha256) openssl dgst -sha256 -sign "$PRIVATE_KEY" "$1" ;;
	esac
}

http_signature() {
	local list='"@method" "@target-uri"' params headers=() digest=''
	if [ -n "$body" ]; then
		digest=$(printf %s "$body" | digest_of)
		list+=' "content-digest"' headers=(-H "Content-Digest: $digest")
	fi
	params="($list);created=$(date +%s);nonce=\"$(openssl rand -hex 16)\";alg=\"$option\";keyid=\"$KEY_ID\""
	{
		printf '"@method": %s\n"@target-uri": %s\n' "$method" "$BASE$path"
		[ -z "$digest" ] || printf '"content-digest": %s\n' "$digest"
		printf '"@signature-params": %s' "$params"
	} >"$here/base"
	signature="sig1=:$(sign_base "$here/base" | openssl base64 -A):"
	transfer "$body" "${headers[@]}" -H "Signature-Input: sig1=$params" -H "Signature: $signature"
	check_message '"@status" "content-digest" "@method";req "@target-uri";req "signature";req'
}

check_message() { # the components that must be covered
	local params name names digest kid
	digest=$(digest_of <"$here/answer")
	params=$(header signature-input)
	params=${params#sig1=}
	for name in $1; do [[ "$params" == *"$name"* ]] || fail "$name is not signed"; done
	read -ra names < <(tr -d '(' <<<"${params%%)*}")
	for name in "${names[@]}"; do
		case $name in
		'"@status"') printf '%s: %s\n' "$name" "$status" ;;
		'"content-digest"') printf '%s: %s\n' "$name" "$digest" ;;
		'"@method";req') printf '%s: %s\n' "$name" "$method" ;;
		'"@target-uri";req') printf '%s: %s\n' "$name" "$BASE$path" ;;
		'"signature";req') printf '%s: %s\n' "$name" "$signature" ;;
		*) fail "$name is unknown here" ;;
		esac
	done >"$here/base"
	printf '"@signature-params": %s' "$params" >>"$here/base"
	header signature | sed 's/^sig1=:\(.*\):$/\1/' | openssl base64 -d -A >"$here/signature"
	kid=${params#*;keyid=\"}
	jq -r --arg kid "${kid%%\"*}" \
		'.keys[] | select(.purpose == "response" and .alg == "EdDSA" and .kid == $kid) .pem' "$here/keys" >"$here/platform-ed25519.pem"
	openssl pkeyutl -verify -pubin -inkey "$here/platform-ed25519.pem" -rawin -in "$here/base" -sigfile "$here/signature" >/dev/null ||
		fail "the answer's signature is not the platform's"
	cp "$here/answer" "$here/json"
}

# ---- x-sign ----

nonce=0
x_sign() {
	local prefix field=x-timestamp
	prefix=$(date +%s)
	if [ "$option" = nonce ]; then nonce=$((nonce + 1)) prefix=$nonce field=x-nonce; fi
	transfer "$body" -H "x-api-key: $API_KEY" -H "$field: $prefix" -H 'Accept-Signature: sig1=()' \
		-H "x-sign: $(printf %s "$prefix$BASE$path$body" | openssl dgst -sha256 -sign "$PRIVATE_KEY" | base64url)"
	check_message '"@status" "content-digest" "@method";req "@target-uri";req'
}

# ---- one envelope ----

transfer() { # body, curl's options
	local sent=()
	[ -z "$1" ] || sent=(-H 'Content-Type: application/json' --data-binary @-)
	status=$(printf %s "$1" | curl -sS -X "$method" "${sent[@]}" "${@:2}" -D "$here/headers" -o "$here/answer" -w '%{http_code}' "$BASE$path")
}
call() { # METHOD PATH [BODY]
	method=$1 path=$2 body=${3:-}
	"${scheme//-/_}"
	echo "$status $method $path $(jq -r '.status? // ""' "$here/json")"
	[ "$status" -lt 300 ] || fail "$(cat "$here/json")"
}

signer='{"name":"Maria da Conceição","email":"maria@example.com","document_number":"529.982.247-25","birthdate":"1992-09-15",
"document_submission_method":"email","authentication_submission_method":"email"}'
expiry=$(date -u -d '+30 days' +%F)

call POST /sign/envelope "{\"subject\":\"Locação\",\"expiration_date\":\"$expiry\",\"signers\":[$signer]}"
envelope=/sign/envelope/$(jq -r .id "$here/json")
call POST "$envelope/document" "{\"name\":\"Contrato\",\"document_type\":\"pdf\",\"document_b64\":\"$(openssl base64 -A -in "$DOCUMENT")\"}"
call PATCH "$envelope" '{"status":"submitted"}'
call GET "$envelope"
call GET '/sign/envelope?page=1&limit=5'
call PATCH "$envelope" '{"status":"canceled"}'
