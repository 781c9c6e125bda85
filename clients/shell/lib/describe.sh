# shellcheck shell=sh
# obo METHOD --help: what the sidecar itself says of a method. Sourced by obo.
# shellcheck disable=SC2016,SC2034,SC2154 # jq's variables, and what it shares with obo

description='
  .components.schemas as $schemas
  | def resolved: if has("$ref") then $schemas[.["$ref"] | split("/")[-1]] else . end;
    def kind: resolved | if .enum then [.enum[] | tojson] | join(" or ") else .type // "any" | tostring end;
    def is_text: resolved | .type == "string" or (.enum // [] | map(type) | unique == ["string"]);
    def is_secret: test("^(pem|pkcs12Base64|passphrase|clientSecret|userToken|token)$");
    def written($name): if $name | is_secret then "=@FILE" elif is_text then "=" else ":=" end;
  .methods | map(select(.name == $method))
  | if length == 1 then .[0]
    else "obo: There is no method \($method).\nhint: obo rpc.discover | jq -r .methods[].name lists them.\n"
      | halt_error(1) end
  | "usage: obo \(.name) [NAME=TEXT | NAME:=JSON | NAME=@FILE | NAME=@-]...", "", .summary, "", .description, "",
    (.params[] | .name as $name
      | "  \(.name)\(.schema | written($name)) (\(.schema | kind))\(if .required then ", required" else "" end)",
      "      \(.description)"),
    "", "obo --help says how parameters are written."'

describe() {
  method=$1
  parameters=
  request=$(request rpc.discover)
  described=$(printf '%s\n' "$request" | run_sidecar | print_outcome "$description" --raw-output --arg method "$method")
  printf '%s\n' "$described" | fold -s -w "${COLUMNS:-120}"
}
