/* TLS connections over OpenSSL, on non-blocking sockets.
 *
 *   tls_new() --> handshake (within reads and writes) --> established --> tls_free()
 *                       |                                     |
 *                       +---------> broken <-----------------+
 *
 * A read may need to write (handshake, key update) and a write to read. OpenSSL reports WANT_READ
 * and WANT_WRITE: both become -EAGAIN, and tls_wants_room() tells the caller that a read waits for
 * a writable socket. A write that returned -EAGAIN must be repeated with the same bytes at the
 * front; the buffer may have moved.
 *
 * OpenSSL may hold decrypted bytes while the socket is not readable. So tls_read() reads until
 * nothing is pending or the buffer is full, and the caller checks tls_pending() before it waits.
 *
 * A protocol error or a failed socket makes the state broken: every later call fails without
 * calling OpenSSL, which is not allowed after a fatal error. OpenSSL's error queue is per thread,
 * so it is cleared before each call: else an old error would be attributed to another connection.
 */
#include "io/tls.h"

#include "base/mem.h"
#include "base/words.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

struct tls_context {
    SSL_CTX *ctx;
};

struct tls {
    SSL *ssl;
    bool wants_room;
    bool broken;        /* a fatal error has occurred */
    unsigned long code; /* OpenSSL's error that broke it; 0: none */
};

static bool fail(struct buf *error, const char *what)
{
    char text[256] = "unknown";
    unsigned long code = ERR_peek_last_error();
    if (code)
        ERR_error_string_n(code, text, sizeof(text));
    ERR_clear_error();
    buf_printf(error, "%s: %s", what, text);
    return false;
}

static int give_password(char *to, int n, int writing, void *context)
{
    (void)writing;
    const char *password = context;
    int len = (int)strlen(password);
    if (len > n)
        return -1;
    memcpy(to, password, (size_t)len);
    return len;
}

static bool set_protocols(SSL_CTX *c, const char *text, struct buf *error)
{
    struct bytes words[8];
    char *copy;
    bool v12 = !*text, v13 = !*text, good = true;
    int n = words_split(bytes_text(text), words, 8, &copy);
    for (int i = 0; i < n && good; i++) {
        if (bytes_is(words[i], "tlsv1.2"))
            v12 = true;
        else if (bytes_is(words[i], "tlsv1.3"))
            v13 = true;
        else
            good = false;
    }
    mem_free(copy);
    if (!good || (!v12 && !v13)) {
        buf_printf(error,
                   "Invalid tls-protocols specified (only TLSv1.2 and TLSv1.3 are there): "
                   "%s",
                   text);
        return false;
    }
    SSL_CTX_set_min_proto_version(c, v12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(c, v13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    return true;
}

static bool set_certificate(SSL_CTX *c, const struct tls_options *o, struct buf *error)
{
    SSL_CTX_set_default_passwd_cb(c, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(c, (void *)(uintptr_t)o->key_pass);
    if (SSL_CTX_use_certificate_chain_file(c, o->cert_file) != 1)
        return fail(error, "Failed to load certificate");
    if (SSL_CTX_use_PrivateKey_file(c, o->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(c) != 1)
        return fail(error, "Failed to load private key");
    SSL_CTX_set_default_passwd_cb_userdata(c, NULL);
    return true;
}

static bool set_authorities(SSL_CTX *c, const struct tls_options *o, struct buf *error)
{
    if (*o->ca_file && SSL_CTX_load_verify_file(c, o->ca_file) != 1)
        return fail(error, "Failed to configure CA certificate file");
    if (*o->ca_directory && SSL_CTX_load_verify_dir(c, o->ca_directory) != 1)
        return fail(error, "Failed to configure CA certificate directory");
    return true;
}

static bool set_server_certificates(SSL_CTX *c, const struct tls_options *o, struct buf *error)
{
    if (!*o->cert_file || !*o->key_file) {
        buf_add_text(error, "tls-cert-file and tls-key-file must be configured");
        return false;
    }
    if (!set_certificate(c, o, error))
        return false;
    if (o->clients != TLS_CLIENTS_NO && !*o->ca_file && !*o->ca_directory) {
        buf_add_text(error, "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when "
                            "tls-auth-clients is enabled");
        return false;
    }
    if (!set_authorities(c, o, error))
        return false;
    if (*o->ca_file)
        SSL_CTX_set_client_CA_list(c, SSL_load_client_CA_file(o->ca_file));
    return true;
}

static bool set_client_certificates(SSL_CTX *c, const struct tls_options *o, struct buf *error)
{
    if (!*o->ca_file && !*o->ca_directory) {
        buf_add_text(error, "Either tls-ca-cert-file or tls-ca-cert-dir must be specified for "
                            "outgoing connections");
        return false;
    }
    if (*o->cert_file && *o->key_file && !set_certificate(c, o, error))
        return false;
    return set_authorities(c, o, error);
}

static bool set_dh(SSL_CTX *c, const char *path, struct buf *error)
{
    if (!*path) {
        SSL_CTX_set_dh_auto(c, 1);
        return true;
    }
    BIO *in = BIO_new_file(path, "r");
    EVP_PKEY *key = in ? PEM_read_bio_Parameters(in, NULL) : NULL;
    BIO_free(in);
    if (!key || SSL_CTX_set0_tmp_dh_pkey(c, key) != 1) {
        EVP_PKEY_free(key);
        return fail(error, "Failed to read DH parameters");
    }
    return true;
}

static bool set_ciphers(SSL_CTX *c, const struct tls_options *o, struct buf *error)
{
    if (*o->ciphers && SSL_CTX_set_cipher_list(c, o->ciphers) != 1)
        return fail(error, "Failed to configure ciphers");
    if (*o->ciphersuites && SSL_CTX_set_ciphersuites(c, o->ciphersuites) != 1)
        return fail(error, "Failed to configure ciphersuites");
    return true;
}

static void set_flags(SSL_CTX *c, uint64_t more)
{
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_IGNORE_UNEXPECTED_EOF | more);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
}

static bool configure_server(SSL_CTX *c, const struct tls_options *o, struct buf *error)
{
    static const unsigned char id[] = "millrace";
    set_flags(c, SSL_OP_SINGLE_DH_USE |
                     (o->prefer_server_ciphers ? SSL_OP_CIPHER_SERVER_PREFERENCE : 0));
    if (o->session_caching) {
        SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_SERVER);
        SSL_CTX_sess_set_cache_size(c, (long)o->cache_size);
        SSL_CTX_set_timeout(c, (long)o->cache_timeout_s);
        SSL_CTX_set_session_id_context(c, id, sizeof(id) - 1);
    } else {
        SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(c, 0);
    }
    SSL_CTX_set_verify(c,
                       o->clients == TLS_CLIENTS_YES
                           ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                       : o->clients == TLS_CLIENTS_OPTIONAL ? SSL_VERIFY_PEER
                                                            : SSL_VERIFY_NONE,
                       NULL);
    return set_protocols(c, o->protocols, error) && set_server_certificates(c, o, error) &&
           set_dh(c, o->dh_file, error) && set_ciphers(c, o, error);
}

static bool configure_client(SSL_CTX *c, const struct tls_options *o, struct buf *error)
{
    set_flags(c, 0);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    return set_protocols(c, o->protocols, error) && set_client_certificates(c, o, error) &&
           set_ciphers(c, o, error);
}

static struct tls_context *make_context(const SSL_METHOD *side,
                                        bool (*configure)(SSL_CTX *, const struct tls_options *,
                                                          struct buf *),
                                        const struct tls_options *o, struct buf *error)
{
    SSL_CTX *c = SSL_CTX_new(side);
    if (!c) {
        fail(error, "Failed to make a TLS context");
        return NULL;
    }
    if (!configure(c, o, error)) {
        SSL_CTX_free(c);
        return NULL;
    }
    struct tls_context *x = mem_alloc(sizeof(*x));
    x->ctx = c;
    return x;
}

struct tls_context *tls_context_new(const struct tls_options *o, struct buf *error)
{
    return make_context(TLS_server_method(), configure_server, o, error);
}

struct tls_context *tls_context_new_client(const struct tls_options *o, struct buf *error)
{
    return make_context(TLS_client_method(), configure_client, o, error);
}

void tls_context_free(struct tls_context *x)
{
    if (!x)
        return;
    SSL_CTX_free(x->ctx);
    mem_free(x);
}

int64_t tls_context_ends_s(const struct tls_context *x)
{
    const X509 *own = x ? SSL_CTX_get0_certificate(x->ctx) : NULL;
    struct tm t;
    if (!own || ASN1_TIME_to_tm(X509_get0_notAfter(own), &t) != 1)
        return -1;
    return (int64_t)timegm(&t);
}

static struct tls *make_state(struct tls_context *x, int fd)
{
    struct tls *t = mem_zalloc(sizeof(*t));
    t->ssl = SSL_new(x->ctx);
    t->broken = !t->ssl || SSL_set_fd(t->ssl, fd) != 1;
    return t;
}

struct tls *tls_new(struct tls_context *x, int fd)
{
    struct tls *t = make_state(x, fd);
    if (!t->broken)
        SSL_set_accept_state(t->ssl);
    return t;
}

struct tls *tls_new_client(struct tls_context *x, int fd, const char *name)
{
    struct tls *t = make_state(x, fd);
    if (t->broken)
        return t;
    if (*name)
        t->broken = SSL_set1_host(t->ssl, name) != 1 || SSL_set_tlsext_host_name(t->ssl, name) != 1;
    SSL_set_connect_state(t->ssl);
    return t;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    if (t->ssl && !t->broken && SSL_is_init_finished(t->ssl))
        SSL_shutdown(t->ssl);
    ERR_clear_error();
    SSL_free(t->ssl);
    mem_free(t);
}

/* The result of a call that did not succeed. */
static long outcome(struct tls *t, int result, bool reading)
{
    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        t->wants_room = false;
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        t->wants_room = reading;
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return reading ? 0 : -EPIPE;
    case SSL_ERROR_SYSCALL:
        t->broken = true;
        return errno ? -errno : reading ? 0 : -EPIPE;
    default:
        t->broken = true;
        t->code = ERR_peek_error();
        return -EPROTO;
    }
}

static int bounded(size_t n)
{
    return n > 1 << 30 ? 1 << 30 : (int)n;
}

long tls_read(struct tls *t, void *to, size_t n)
{
    size_t got = 0;
    if (t->broken)
        return -EPROTO;
    /* Records are small, so read all that are available and fit. */
    while (got < n) {
        ERR_clear_error();
        errno = 0;
        int r = SSL_read(t->ssl, (char *)to + got, bounded(n - got));
        if (r > 0) {
            got += (size_t)r;
            if (!SSL_has_pending(t->ssl))
                break;
            continue;
        }
        long why = outcome(t, r, true);
        return got ? (long)got : why;
    }
    return (long)got;
}

long tls_write(struct tls *t, const void *from, size_t n)
{
    if (t->broken)
        return -EPROTO;
    ERR_clear_error();
    errno = 0;
    int r = SSL_write(t->ssl, from, bounded(n));
    return r > 0 ? r : outcome(t, r, false);
}

int tls_handshake(struct tls *t)
{
    if (t->broken)
        return -EPROTO;
    ERR_clear_error();
    errno = 0;
    int r = SSL_do_handshake(t->ssl);
    if (r == 1)
        return 0;
    long why = outcome(t, r, true);
    return why ? (int)why : -ECONNRESET; /* closed by the peer */
}

const char *tls_why(const struct tls *t)
{
    long verified = t->ssl ? SSL_get_verify_result(t->ssl) : X509_V_OK;
    if (verified != X509_V_OK)
        return X509_verify_cert_error_string(verified);
    const char *reason = t->code ? ERR_reason_error_string(t->code) : NULL;
    return reason ? reason : "connection lost in the handshake";
}

bool tls_pending(const struct tls *t)
{
    return !t->broken && SSL_pending(t->ssl) > 0;
}

bool tls_is_established(const struct tls *t)
{
    return !t->broken && SSL_is_init_finished(t->ssl);
}

bool tls_wants_room(const struct tls *t)
{
    return t->wants_room;
}

bool tls_common_name(const struct tls *t, char *to, size_t n)
{
    X509 *cert = t->broken ? NULL : SSL_get1_peer_certificate(t->ssl);
    if (!cert)
        return false;
    bool good = false;
    X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0 && SSL_get_verify_result(t->ssl) == X509_V_OK) {
        unsigned char *text = NULL;
        int len =
            ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        good = len > 0 && (size_t)len < n && !memchr(text, 0, (size_t)len);
        if (good) {
            memcpy(to, text, (size_t)len);
            to[len] = 0;
        }
        OPENSSL_free(text);
    }
    X509_free(cert);
    return good;
}
