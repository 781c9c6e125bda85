"""Makes the files of this folder, each by the command that stands beside it, and `cases.json`, which tests read.

    python3 make.py        needs openssl 3, keytool, ssh-keygen, puttygen and Python's `cryptography`

What comes out differs in salts, and means the same. The key is that of ../transcripts/payables.key.pem everywhere but
where another one is the point.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
INPUTS = ["payables.key.pem", "payables.certificate.pem", "other.certificate.pem"]
ROUNDS = "; 5000000 are done at most"
RSA = "RS256 needs RSA of 2048 bits or more"
LEGACY = "which is too old or unknown to be opened here; convert it with"

TRADITIONAL = "openssl rsa -in payables.key.pem -traditional -passout pass:sesame -out"
TOPK8 = "openssl pkcs8 -topk8 -in payables.key.pem -passout pass:sesame -out"
EXPORT = "openssl pkcs12 -export -inkey payables.key.pem -in payables.certificate.pem -name payables"
KEYTOOL = "keytool -storepass sesame"
STORE = "keytool -importkeystore -srckeystore openssl.p12 -srcstorepass sesame -deststorepass sesame -noprompt"

# What is accepted: file, command, passphrase, certificate that comes out ("made" when the file has none).
ACCEPTED = [
    ("pkcs8.pem", "openssl pkcs8 -topk8 -nocrypt -in payables.key.pem -out pkcs8.pem", "", "made"),
    ("pkcs1.pem", "openssl rsa -in payables.key.pem -traditional -out pkcs1.pem", "", "made"),
    ("pkcs8-aes256.pem", f"{TOPK8} pkcs8-aes256.pem", "sesame", "made"),
    ("pkcs8-aes128-sha512.pem", f"{TOPK8} pkcs8-aes128-sha512.pem -v2 aes-128-cbc -v2prf hmacWithSHA512",
     "sesame", "made"),
    ("pkcs8-3des.pem", f"{TOPK8} pkcs8-3des.pem -v2 des3 -v2prf hmacWithSHA1", "sesame", "made"),
    ("pkcs8-scrypt.pem", f"{TOPK8} pkcs8-scrypt.pem -scrypt", "sesame", "made"),
    ("pkcs8-rounds.pem", f"{TOPK8} pkcs8-rounds.pem -iter 100000", "sesame", "made"),
    ("pkcs8-pbes1-3des.pem", f"{TOPK8} pkcs8-pbes1-3des.pem -v1 PBE-SHA1-3DES", "sesame", "made"),
    ("pkcs8-umlaut.pem", "openssl pkcs8 -topk8 -in payables.key.pem -passout pass:Zürich€ -out pkcs8-umlaut.pem",
     "Zürich€", "made"),
    ("pkcs8-cryptography.pem", "make.py: private_bytes(PEM, PKCS8, BestAvailableEncryption)", "sesame", "made"),
    ("pkcs1-aes256.pem", f"{TRADITIONAL} pkcs1-aes256.pem -aes256", "sesame", "made"),
    ("pkcs1-3des.pem", f"{TRADITIONAL} pkcs1-3des.pem -des3", "sesame", "made"),
    ("pkcs1-camellia.pem", f"{TRADITIONAL} pkcs1-camellia.pem -camellia192", "sesame", "made"),
    ("pkcs1-cryptography.pem", "make.py: private_bytes(PEM, TraditionalOpenSSL, BestAvailableEncryption)",
     "sesame", "made"),
    ("certificate-and-key.pem", "cat payables.certificate.pem payables.key.pem >certificate-and-key.pem", "",
     "payables"),
    ("chain-and-key.pem", "cat other.certificate.pem payables.certificate.pem pkcs8-aes256.pem >chain-and-key.pem",
     "sesame", "payables"),
    ("openssl.p12", f"{EXPORT} -passout pass:sesame -out openssl.p12", "sesame", "payables"),
    ("openssl-3des.p12", f"{EXPORT} -passout pass:sesame -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1"
     " -out openssl-3des.p12", "sesame", "payables"),
    ("openssl-chain.p12", f"{EXPORT} -certfile other.certificate.pem -passout pass:sesame -out openssl-chain.p12",
     "sesame", "payables"),
    ("openssl-nocerts.p12", f"{EXPORT} -nocerts -passout pass:sesame -out openssl-nocerts.p12", "sesame", "made"),
    ("openssl-umlaut.p12", f"{EXPORT} -passout pass:Zürich€ -out openssl-umlaut.p12", "Zürich€", "payables"),
    ("openssl-empty.p12", f"{EXPORT} -passout pass: -out openssl-empty.p12", "", "payables"),
    ("openssl-plain.p12", f"{EXPORT} -keypbe NONE -certpbe NONE -nomac -passout pass: -out openssl-plain.p12", "",
     "payables"),
    ("openssl-nomac.p12", f"{EXPORT} -nomac -passout pass:sesame -out openssl-nomac.p12", "sesame", "payables"),
    ("bag-attributes.pem", "openssl pkcs12 -in openssl.p12 -passin pass:sesame -nodes -out bag-attributes.pem", "",
     "payables"),
    ("keytool.p12", f"{STORE} -destkeystore keytool.p12 -deststoretype PKCS12", "sesame", "payables"),
    ("keytool-legacy.p12", f"{STORE} -J-Dkeystore.pkcs12.keyProtectionAlgorithm=PBEWithSHA1AndDESede"
     " -J-Dkeystore.pkcs12.certProtectionAlgorithm=PBEWithSHA1AndDESede -J-Dkeystore.pkcs12.macAlgorithm=HmacPBESHA1"
     " -destkeystore keytool-legacy.p12 -deststoretype PKCS12", "sesame", "payables"),
    ("cryptography.p12", "make.py: pkcs12.serialize_key_and_certificates(…, BestAvailableEncryption)", "sesame",
     "payables"),
]

# What is refused: file, command, passphrase, kind of error, what it is said to be.
REFUSED = [
    ("certificate.pem", "cp payables.certificate.pem certificate.pem", "", "key_unreadable",
     "a certificate, not a private key"),
    ("public.pem", "openssl pkey -in payables.key.pem -pubout -out public.pem", "", "key_unreadable",
     "a public key, not a private key"),
    ("public-pkcs1.pem", "openssl rsa -in payables.key.pem -RSAPublicKey_out -out public-pkcs1.pem", "",
     "key_unreadable", "a public key, not a private key"),
    ("request.pem", "openssl req -new -key payables.key.pem -subj /CN=x -out request.pem", "", "key_unreadable",
     "a certificate request, not a private key"),
    ("pkcs7.pem", "openssl crl2pkcs7 -nocrl -certfile payables.certificate.pem -out pkcs7.pem", "", "key_unreadable",
     "a PKCS#7 bundle of certificates, not a private key"),
    ("parameters.pem", "openssl ecparam -name prime256v1 -out parameters.pem", "", "key_unreadable",
     "a PEM block of another kind, not a private key"),
    ("openssh.pem", "ssh-keygen -q -t rsa -b 2048 -N '' -C '' -f openssh.pem && rm openssh.pem.pub", "",
     "key_unreadable", "an OpenSSH private key; convert it with ssh-keygen -p -m PEM"),
    ("ssh.pub", "ssh-keygen -y -f payables.key.pem >ssh.pub", "", "key_unreadable",
     "an SSH public key, not a private key"),
    ("putty.ppk", "puttygen pkcs1.pem -O private -o putty.ppk", "", "key_unreadable",
     "a PuTTY key; convert it with puttygen KEY.ppk -O private-openssh -o KEY.pem"),
    ("jwk.json", "make.py: the private key as RFC 7517 has it", "", "key_unreadable", "a JWK, not a PEM"),
    ("pkcs8.base64", "openssl pkcs8 -topk8 -nocrypt -in payables.key.pem -outform DER | base64 >pkcs8.base64", "",
     "key_unreadable", "base64 without BEGIN and END lines; paste the whole PEM, from -----BEGIN to the END line"),
    ("pkcs12.base64", "base64 openssl.p12 >pkcs12.base64", "sesame", "key_unreadable",
     "a PKCS#12 file in base64; give it as pkcs12Base64"),
    ("two-keys.pem", "cat pkcs8.pem pkcs1.pem >two-keys.pem", "", "key_unreadable",
     "2 private keys; give the one that is meant"),
    ("cut-off.pem", "head -n 20 pkcs8.pem >cut-off.pem", "", "key_unreadable",
     "a private key whose PEM block has no matching END line: cut off"),
    ("ec.pem", "openssl ecparam -name prime256v1 -genkey -out ec.pem", "", "key_unsupported", f"an EC key; {RSA}"),
    ("ec-pkcs8.pem", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec-pkcs8.pem", "",
     "key_unsupported", f"an EC key; {RSA}"),
    ("ec-encrypted.pem", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:sesame"
     " -out ec-encrypted.pem", "sesame", "key_unsupported", f"an EC key; {RSA}"),
    ("ed25519.pem", "openssl genpkey -algorithm ED25519 -out ed25519.pem", "", "key_unsupported",
     f"an Ed25519 key; {RSA}"),
    ("rsa-pss.pem", "openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.pem", "",
     "key_unsupported", f"an RSA-PSS key; {RSA}"),
    ("dsa.pem", "openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out dsa.parameters"
     " && openssl genpkey -paramfile dsa.parameters -out dsa.pem", "", "key_unsupported", f"a DSA key; {RSA}"),
    ("rsa-1024.pem", "openssl genrsa -out rsa-1024.pem 1024", "", "key_unsupported",
     "an RSA key of 1024 bits; RS256 needs 2048 bits or more"),
    ("pkcs8-md5-des.pem", f"{TOPK8} pkcs8-md5-des.pem -v1 PBE-MD5-DES -provider legacy -provider default", "sesame",
     "key_unreadable", f"an encrypted PKCS#8 key under pbeWithMD5AndDES-CBC, {LEGACY} "
     "openssl pkcs8 -provider legacy -provider default -in OLD.pem -topk8 -out NEW.pem"),
    ("pkcs1-des.pem", f"{TRADITIONAL} pkcs1-des.pem -des -provider legacy -provider default", "sesame",
     "key_unreadable", "an encrypted PKCS#1 key under a cipher that is not opened here; convert it with "
     "openssl rsa -provider legacy -provider default -in OLD.pem -aes256 -out NEW.pem"),
    ("openssl-rc2.p12", f"{EXPORT} -legacy -passout pass:sesame -out openssl-rc2.p12", "sesame", "key_unreadable",
     f"a PKCS#12 file under pbeWithSHA1And40BitRC2-CBC, {LEGACY} "
     "openssl pkcs12 -legacy -in OLD.p12 -aes256 -out NEW.pem, and import NEW.pem as pem"),
    ("truststore.p12", "keytool -importcert -noprompt -file payables.certificate.pem -alias payables"
     " -keystore truststore.p12 -storetype PKCS12 -storepass sesame", "sesame", "key_unreadable",
     "a PKCS#12 file without a private key"),
    ("two-keys.p12", "cp keytool.p12 two-keys.p12 && keytool -genkeypair -keyalg RSA -keysize 2048 -alias second"
     " -dname CN=second -keystore two-keys.p12 -storepass sesame", "sesame", "key_unreadable",
     "a PKCS#12 file with 2 private keys; export the one that is meant"),
    ("ec.p12", "keytool -genkeypair -keyalg EC -alias ec -dname CN=ec -keystore ec.p12 -storetype PKCS12"
     " -storepass sesame", "sesame", "key_unsupported", f"an EC key; {RSA}"),
    ("keystore.jks", f"{STORE} -destkeystore keystore.jks -deststoretype JKS", "sesame", "key_unreadable",
     "a Java keystore that is not PKCS#12; convert it with keytool -importkeystore -srckeystore OLD.jks"
     " -destkeystore NEW.p12 -deststoretype PKCS12"),
    ("certificate.der", "openssl x509 -in payables.certificate.pem -outform DER -out certificate.der", "",
     "key_unreadable", "DER that is not a whole PKCS#12 file"),
    # Hostile: what is asked for would take from seconds to years.
    ("openssl-rounds.p12", f"{EXPORT} -passout pass:sesame -iter 2600000 -out openssl-rounds.p12", "sesame",
     "key_unreadable", f"a PKCS#12 file whose rounds of key derivation are too many together{ROUNDS}"),
    ("hostile-rounds.pem", "make.py: pkcs8-rounds.pem with 2147483647 rounds", "sesame", "key_unreadable",
     f"an encrypted PKCS#8 key that asks for 2147483647 rounds of key derivation{ROUNDS}"),
    ("hostile-endless.pem", "make.py: pkcs8-rounds.pem with 2^255 rounds", "sesame", "key_unreadable",
     "an encrypted PKCS#8 key that asks for more rounds of key derivation than can be counted"),
    ("hostile-scrypt.pem", "make.py: pkcs8-scrypt.pem with p=65537", "sesame", "key_unreadable",
     "an encrypted PKCS#8 key that asks for scrypt of N=16384, r=8, p=65537; 32 MiB of memory are lent at most"),
    ("hostile-scrypt-rounds.pem", "make.py: pkcs8-scrypt.pem with p=1000", "sesame", "key_unreadable",
     f"an encrypted PKCS#8 key that asks for 131072000 rounds of key derivation{ROUNDS}"),
    ("hostile-mac.p12", "make.py: openssl.p12 with 2147483647 rounds for its MAC", "sesame", "key_unreadable",
     f"a PKCS#12 file that asks for 2147483647 rounds of key derivation{ROUNDS}"),
    ("hostile-bag.p12", "make.py: openssl.p12 without MAC, with 2147483647 rounds for its certificates", "sesame",
     "key_unreadable", f"a PKCS#12 file that asks for 2147483647 rounds of key derivation{ROUNDS}"),
    ("hostile-prime.pem", "make.py: a key whose first factor has 100000 bits", "", "key_unreadable",
     "an RSA key whose numbers do not belong together: damaged"),
]


def read_der(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content and what follows."""
    length, start = data[1], 2
    if length >= 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    return data[0], data[start:start + length], data[start + length:]


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def with_integer(data: bytes, old: int, new: int) -> tuple[bytes, int]:
    """The same structure with every INTEGER `old` replaced, and how many there were."""
    made, count = b"", 0
    while data:
        tag, content, data = read_der(data)
        if tag & 0x20:
            content, inside = with_integer(content, old, new)
            count += inside
        elif tag == 0x02 and int.from_bytes(content, "big") == old:
            content, count = read_der(integer(new))[1], count + 1
        made += der(tag, content)
    return made, count


def pem_body(path: Path) -> bytes:
    return base64.b64decode("".join(line for line in path.read_text().splitlines() if "-----" not in line))


def pem(label: str, data: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n".encode()


def changed(path: Path, old: int, new: int) -> bytes:
    data, count = with_integer(pem_body(path), old, new)
    assert count == 1
    return pem("ENCRYPTED PRIVATE KEY", data)


def hostile_p12(path: Path, where: str) -> bytes:
    """With the rounds of its MAC raised; or without MAC, and with those of its certificates raised."""
    tag, content, _ = read_der(path.read_bytes())
    _, version, rest = read_der(content)
    first = der(0x02, version)
    tag_safes, safes, mac = read_der(rest)
    if where == "mac":
        mac, count = with_integer(mac, 2048, 2147483647)
        assert count == 1
        return der(tag, first + der(tag_safes, safes) + mac)
    kind_tag, kind, explicit = read_der(safes)
    _, octets, _ = read_der(explicit)
    _, inside, _ = read_der(octets)
    inside, count = with_integer(inside, 2048, 2147483647)
    assert count >= 1
    wrapped = der(0xA0, der(0x04, inside))
    return der(tag, first + der(tag_safes, der(kind_tag, kind) + wrapped))


def made_by_python(folder: Path) -> dict[str, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.serialization import pkcs12

    key = s.load_pem_private_key((folder / "payables.key.pem").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((folder / "payables.certificate.pem").read_bytes())
    best = s.BestAvailableEncryption(b"sesame")
    numbers = key.private_numbers()  # type: ignore[union-attr]
    public = numbers.public_numbers

    def url(number: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()

    jwk = {"kty": "RSA", "n": url(public.n), "e": url(public.e), "d": url(numbers.d), "p": url(numbers.p),
           "q": url(numbers.q), "dp": url(numbers.dmp1), "dq": url(numbers.dmq1), "qi": url(numbers.iqmp)}
    huge = [0, public.n, public.e, numbers.d, (1 << 100000) - 1, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp]
    return {
        "pkcs8-cryptography.pem": key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, best),
        "pkcs1-cryptography.pem": key.private_bytes(s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, best),
        "cryptography.p12": pkcs12.serialize_key_and_certificates(b"payables", key, certificate, None, best),
        "jwk.json": (json.dumps(jwk) + "\n").encode(),
        "hostile-rounds.pem": changed(folder / "pkcs8-rounds.pem", 100000, 2147483647),
        "hostile-endless.pem": changed(folder / "pkcs8-rounds.pem", 100000, 1 << 255),
        "hostile-scrypt.pem": changed(folder / "pkcs8-scrypt.pem", 1, 65537),
        "hostile-scrypt-rounds.pem": changed(folder / "pkcs8-scrypt.pem", 1, 1000),
        "hostile-mac.p12": hostile_p12(folder / "openssl.p12", "mac"),
        "hostile-bag.p12": hostile_p12(folder / "openssl.p12", "bag"),
        "hostile-prime.pem": pem("RSA PRIVATE KEY", der(0x30, b"".join(map(integer, huge)))),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in INPUTS:
            (folder / path).write_bytes((HERE.parent / "transcripts" / path).read_bytes())
            (folder / path).chmod(0o600)
        rows = [row[:2] for row in ACCEPTED] + [row[:2] for row in REFUSED]
        for _, command in rows:
            if not command.startswith("make.py"):
                environment = os.environ | {"LC_ALL": "C.UTF-8"}
                subprocess.run(["sh", "-euc", command], cwd=folder, check=True, env=environment)
        for path, data in made_by_python(folder).items():
            (folder / path).write_bytes(data)
        for path, _ in rows:
            (HERE / path).write_bytes((folder / path).read_bytes())
    cases = [
        {"file": file, "madeBy": command, "passphrase": passphrase, "certificate": certificate}
        for file, command, passphrase, certificate in ACCEPTED
    ] + [
        {"file": file, "madeBy": command, "passphrase": passphrase, "kind": kind, "found": found}
        for file, command, passphrase, kind, found in REFUSED
    ]
    text = json.dumps(cases, ensure_ascii=False, indent=2)
    (HERE / "cases.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
