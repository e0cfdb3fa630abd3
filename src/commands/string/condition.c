#include "commands/string/condition.h"

#include "base/hash.h"
#include "type/string.h"

bool condition_word(struct bytes word, struct condition *c)
{
    bool equal = bytes_is(word, "ifeq") || bytes_is(word, "ifdeq");
    if (!equal && !bytes_is(word, "ifne") && !bytes_is(word, "ifdne"))
        return false;
    *c = (struct condition){.given = true, .equal = equal, .by_digest = word.n == 5};
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool condition_check(const struct call *call, const struct condition *c)
{
    bool good = !c->by_digest || c->operand.n == CONDITION_DIGEST;
    for (size_t i = 0; good && c->by_digest && i < c->operand.n; i++)
        good = is_hex(c->operand.p[i]);
    if (!good)
        reply_errorf(call->reply, "ERR digest must be exactly 16 hexadecimal characters");
    return good;
}

void condition_digest(struct bytes x, char out[CONDITION_DIGEST])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t h = hash_xxh3(x);
    for (int i = 0; i < CONDITION_DIGEST; i++)
        out[i] = digits[h >> (60 - 4 * i) & 15];
}

bool condition_holds(const struct condition *c, const struct entry *e)
{
    char scratch[NUM_INT_MAX], digest[CONDITION_DIGEST];
    if (!c->given)
        return true;
    /* An absent key equals nothing: IFNE holds, IFEQ does not. */
    if (!e)
        return !c->equal;
    struct bytes now = string_view(e, scratch);
    if (!c->by_digest)
        return bytes_equal(now, c->operand) == c->equal;
    condition_digest(now, digest);
    return bytes_equal_nocase(bytes_of(digest, CONDITION_DIGEST), c->operand) == c->equal;
}
