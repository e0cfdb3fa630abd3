#include "base/utf8.h"

#include "unit.h"

/* What RFC 3629 says of each sequence of two bytes and more, said the other way round: by decoding.
 */
static size_t slow_length(const unsigned char *p, size_t n)
{
    size_t want = p[0] < 0x80       ? 1
                  : p[0] >> 5 == 6  ? 2
                  : p[0] >> 4 == 14 ? 3
                  : p[0] >> 3 == 30 ? 4
                                    : 0;
    if (want == 0 || want > n)
        return 0;
    uint32_t v = want == 1 ? p[0] : p[0] & (0xffu >> (want + 1));
    for (size_t i = 1; i < want; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        v = v << 6 | (p[i] & 63);
    }
    char again[4];
    if (v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0;
    return utf8_print(again, v) == want && memcmp(again, p, want) == 0 ? want : 0;
}

TEST(every_sequence_is_judged_as_decoding_judges_it)
{
    static const unsigned char tails[] = {0,    'a',  0x7f, 0x80, 0x8f, 0x90,
                                          0x9f, 0xa0, 0xbf, 0xc0, 0xed, 0xff};
    unsigned char p[4];
    size_t n_tails = sizeof(tails);
    for (unsigned first = 0; first < 256; first++)
        for (size_t a = 0; a < n_tails; a++)
            for (size_t b = 0; b < n_tails; b++)
                for (size_t c = 0; c < n_tails; c++) {
                    p[0] = (unsigned char)first, p[1] = tails[a], p[2] = tails[b], p[3] = tails[c];
                    for (size_t n = 1; n <= 4; n++)
                        CHECK(utf8_length(bytes_of(p, n)) == slow_length(p, n));
                }
    CHECK(utf8_length(bytes_of("", 0)) == 0);
}

TEST(a_span_ends_at_the_first_byte_that_is_no_text)
{
    char text[64];
    for (size_t bad = 0; bad < 40; bad++) {
        memset(text, 'x', sizeof(text));
        memcpy(text + 3, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9);
        bool within = bad >= 3 && bad < 12;
        text[bad] = (char)0xff;
        size_t want = !within ? bad : bad < 5 ? 3 : bad < 8 ? 5 : 8;
        CHECK(utf8_span(bytes_of(text, sizeof(text))) == want);
        CHECK(!utf8_is_text(bytes_of(text, sizeof(text))));
    }
    CHECK(utf8_is_text(BYTES("")) && utf8_is_text(BYTES("a\0b")) && !utf8_is_text(BYTES("\xc3")));
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(every_sequence_is_judged_as_decoding_judges_it),
          T(a_span_ends_at_the_first_byte_that_is_no_text))
