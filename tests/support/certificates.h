/* Keys and certificates for tests, made as files in a directory. */
#ifndef SUPPORT_CERTIFICATES_H
#define SUPPORT_CERTIFICATES_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>

struct certificate {
    X509 *cert;
    EVP_PKEY *key;
};

static bool certificate_save(const struct certificate *c, const char *directory, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s.crt", directory, name);
    FILE *f = fopen(path, "w");
    bool good = f && PEM_write_X509(f, c->cert) == 1 && fclose(f) == 0;
    snprintf(path, sizeof(path), "%s/%s.key", directory, name);
    f = fopen(path, "w");
    return good && f && PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL) == 1 &&
           fclose(f) == 0;
}

/* For a host's name, signed by `by`; NULL: an authority, signed by itself. */
static struct certificate certificate_new(const char *name, const struct certificate *by)
{
    static long serial;
    struct certificate c = {.cert = X509_new(), .key = EVP_EC_gen("P-256")};
    X509_set_version(c.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c.cert), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c.cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c.cert), 3600);
    X509_set_pubkey(c.cert, c.key);
    X509_NAME *subject = X509_get_subject_name(c.cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(c.cert, by ? X509_get_subject_name(by->cert) : subject);
    char text[128];
    snprintf(text, sizeof(text), by ? "DNS:%s" : "CA:TRUE", name);
    X509_EXTENSION *e =
        X509V3_EXT_conf_nid(NULL, NULL, by ? NID_subject_alt_name : NID_basic_constraints, text);
    X509_add_ext(c.cert, e, -1);
    X509_EXTENSION_free(e);
    X509_sign(c.cert, by ? by->key : c.key, EVP_sha256());
    return c;
}

static void certificate_free(struct certificate *c)
{
    X509_free(c->cert);
    EVP_PKEY_free(c->key);
}

#endif
