#pragma once

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

/// malloc_usable_size(3): <malloc.h> is in no module.
extern size_t malloc_usable_size(void *pointer);

/// Zeroes the part of the stack that calls made before this one have used, up to 128 KiB, and the vector registers that
/// memcpy(3) moves bytes through: the dynamic linker saves them on the stack when it binds a function.
__attribute__((noinline)) static void onbehalf_wipe_stack(void) {
  char used[128 << 10];
  OPENSSL_cleanse(used, sizeof used);
  for (size_t size = 16; size <= sizeof used / 2; size *= 2) memcpy(used + size, used, size);
  OPENSSL_cleanse(used, sizeof used);
}

// Macros that Swift does not import.

static inline long onbehalf_bio_contents(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }

static const unsigned long onbehalf_rfc2253 = XN_FLAG_RFC2253;

static const int onbehalf_public_key = EVP_PKEY_PUBLIC_KEY;

// The builder keeps the pointer to the name, and one that Swift makes for a call is gone after it.

static inline int onbehalf_push_modulus(OSSL_PARAM_BLD *builder, const BIGNUM *number) {
  return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, number);
}

static inline int onbehalf_push_exponent(OSSL_PARAM_BLD *builder, const BIGNUM *number) {
  return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, number);
}

static inline void onbehalf_free_safes(STACK_OF(PKCS7) *safes) { sk_PKCS7_pop_free(safes, PKCS7_free); }

static inline void onbehalf_free_safe_bags(STACK_OF(PKCS12_SAFEBAG) *bags) {
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}
